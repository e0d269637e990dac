/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples, their medians, and the line that says how they compare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static bool first = true;

struct spread {
	double low, median, high;	/* quartiles */
};

unsigned int rounds(unsigned int normal)
{
	if (options.rounds)
		return options.rounds;
	return options.quick ? (normal + 4) / 5 : normal;
}

struct series *series_new(const struct measure *measure)
{
	struct series *series = need_calloc(1, sizeof(*series));

	series->measure = measure;
	return series;
}

void series_add(struct series *series, double value, double reference)
{
	if (series->n == MAX_ROUNDS)
		return;
	series->value[series->n] = value;
	series->reference[series->n++] = reference;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts @samples. */
static struct spread spread_of(double *samples, unsigned int n)
{
	qsort(samples, n, sizeof(*samples), compare);
	return (struct spread){ samples[n / 4], n % 2 ? samples[n / 2] :
				(samples[n / 2 - 1] + samples[n / 2]) / 2, samples[n - 1 - n / 4] };
}

/* What the target is about, round by round: a disturbance concerns both sides of its round. */
static struct spread compared(const struct series *series, enum rule rule)
{
	double result[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < series->n; i++) {
		double value = series->value[i], reference = series->reference[i];

		result[i] = rule == AT_MOST_MORE ? value - reference :
			    rule == AT_MOST ? value : reference > 0 ? value / reference : 0;
	}
	return spread_of(result, series->n);
}

static bool met(const struct measure *m, double result)
{
	return m->rule == NO_TARGET ||
	       (m->rule == AT_LEAST_TIMES ? result >= m->target : result <= m->target);
}

/* Three significant digits or so. */
static const char *number(char *buf, size_t size, double x)
{
	snprintf(buf, size, "%.*f", x < 10 ? 2 : x < 100 ? 1 : 0, x);
	return buf;
}

static const char *target_text(char *buf, size_t size, const struct measure *m)
{
	char text[32];
	const char *n = number(text, sizeof(text), m->target);

	switch (m->rule) {
	case AT_MOST_TIMES: snprintf(buf, size, "<= %sx", n); break;
	case AT_LEAST_TIMES: snprintf(buf, size, ">= %sx", n); break;
	case AT_MOST_MORE: snprintf(buf, size, "<= +%g %s", m->target, m->unit); break;
	case AT_MOST: snprintf(buf, size, "<= %g %s", m->target, m->unit); break;
	case NO_TARGET: snprintf(buf, size, "-"); break;
	}
	return buf;
}

static void print_line(const struct measure *m, struct spread value, struct spread reference,
		       double ratio, bool ok)
{
	char a[32], b[32], c[32], t[64];

	printf("%-31s %8s %-8s reference %8s   ratio %6s   target %-15s %s\n", m->name,
	       number(a, sizeof(a), value.median), m->unit, number(b, sizeof(b), reference.median),
	       number(c, sizeof(c), ratio), target_text(t, sizeof(t), m), ok ? "ok" : "short");
}

static void print_spread(const char *name, struct spread s)
{
	printf("  \"%s\": { \"median\": %.4f, \"quartiles\": [%.4f, %.4f] },\n", name, s.median,
	       s.low, s.high);
}

/* Names, units and texts are the benchmark's own and need no escapes. */
static void print_json(const struct series *series, struct spread value, struct spread reference,
		       struct spread ratio, bool ok)
{
	static const char *const rules[] = {
		[AT_MOST_TIMES] = "ratio at most", [AT_LEAST_TIMES] = "ratio at least",
		[AT_MOST_MORE] = "difference at most", [AT_MOST] = "at most", [NO_TARGET] = "none",
	};
	const struct measure *m = series->measure;

	printf("%s{\n  \"name\": \"%s\",\n  \"unit\": \"%s\",\n", first ? "" : ",\n", m->name,
	       m->unit);
	print_spread("value", value);
	print_spread("reference", reference);
	print_spread("ratio", ratio);
	printf("  \"reference_is\": \"%s\",\n  \"rounds\": %u,\n", m->reference, series->n);
	printf("  \"rule\": \"%s\",\n  \"target\": %.4f,\n  \"result\": \"%s\"\n}",
	       rules[m->rule], m->target, ok ? "ok" : "short");
}

void series_report(struct series *series)
{
	const struct measure *m = series->measure;
	struct spread value, reference, ratio, result;
	bool ok;

	if (series->n && is_wanted(m)) {
		ratio = compared(series, AT_MOST_TIMES);
		result = compared(series, m->rule);
		value = spread_of(series->value, series->n);
		reference = spread_of(series->reference, series->n);
		ok = met(m, result.median);
		if (options.json)
			print_json(series, value, reference, ratio, ok);
		else
			print_line(m, value, reference, ratio.median, ok);
		fflush(stdout);
		first = false;
	}
	free(series);
}

bool is_wanted(const struct measure *measure)
{
	return !options.filter || strstr(measure->name, options.filter);
}

void skipped(const struct measure *measures, size_t n, const char *why)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_wanted(&measures[i]))
			fprintf(stderr, "%s: left out: %s\n", measures[i].name, why);
}

void report_begin(void)
{
	if (options.json)
		printf("[\n");
}

void report_end(void)
{
	if (options.json)
		printf("\n]\n");
}
