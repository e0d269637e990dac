/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The measures of the emulated back end. */
#include "bench.h"

/* Memory comes first: it also looks at the whole process, which has to be fresh. */
const struct group *const groups[] = {
	&memory_group, &translate_hot_group, &translate_random_group, &translate_2m_group,
	&dma_group, &threads_group, &map_group, &map_1t_group, &sync_group, &sync_pieces_group,
	&inv_group, &inv_drain_group, &parent_group, &bomb_group, &fault_group,
	&nested_group,
	&pasid_group, &dirty_read_group, &dirty_write_group,
};
const size_t n_groups = N_ELEMENTS(groups);
