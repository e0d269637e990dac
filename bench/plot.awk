# SPDX-License-Identifier: LGPL-2.1-or-later
# Draws what ioasid-bench-scale prints: lines "MEASURE-MAPPINGS VALUE UNIT reference VALUE ...", as SVG.
# A panel for each measure, both axes logarithmic; the library's line, and its reference's.

function log10(x) { return log(x) / log(10) }
function up(x, n) { n = int(x); return n < x ? n + 1 : n }

$4 == "reference" && match($1, /-[0-9]+$/) {
	name = substr($1, 1, RSTART - 1)
	if (!(name in points)) {
		order[++panels] = name
		unit[name] = $3
		low[name] = high[name] = log10($2)
	}
	n = ++points[name]
	x[name, n] = log10(substr($1, RSTART + 1))
	y[name, n, "value"] = log10($2)
	y[name, n, "reference"] = log10($5)
	for (i = 2; i <= 5; i += 3) {
		if (log10($i) < low[name])
			low[name] = log10($i)
		if (log10($i) > high[name])
			high[name] = log10($i)
	}
	if (!first || x[name, n] < first)
		first = x[name, n]
	if (x[name, n] > last)
		last = x[name, n]
}

function px(v) { return left + (last > first ? (v - first) / (last - first) : 0.5) * width }
function py(v) { return top + height - (v - floor_) / (ceiling - floor_) * height }

function text(tx, ty, anchor, s) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", tx, ty, anchor, s
}

# 1k, 10k, ... of a power of ten
function short_power(v) {
	return v >= 6 ? 10 ^ (v - 6) "M" : v >= 3 ? 10 ^ (v - 3) "k" : 10 ^ v
}

function grid(x1, y1, x2, y2) {
	printf "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#ddd\"/>\n", x1, y1, x2, y2
}

function curve(name, which, colour, k) {
	printf "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" d=\"", colour
	for (k = 1; k <= points[name]; k++)
		printf "%s%.1f %.1f", (k == 1 ? "M" : "L"), px(x[name, k]), py(y[name, k, which])
	print "\"/>"
	for (k = 1; k <= points[name]; k++)
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px(x[name, k]),
		       py(y[name, k, which]), colour
}

function key(tx, ty, colour, s) {
	printf "<path d=\"M%d %dh24\" stroke=\"%s\" stroke-width=\"2\"/>\n", tx, ty - 4, colour
	printf "<circle cx=\"%d\" cy=\"%d\" r=\"3\" fill=\"%s\"/>\n", tx + 12, ty - 4, colour
	text(tx + 32, ty, "start", s)
}

function panel(name, v) {
	floor_ = int(low[name] + 100) - 100
	ceiling = up(high[name] + 0.001)
	for (v = floor_; v <= ceiling; v++) {
		grid(left, py(v), left + width, py(v))
		text(left - 6, py(v) + 4, "end", sprintf("%g", 10 ^ v))
	}
	for (v = up(first); v <= last + 0.001; v++) {
		grid(px(v), top, px(v), top + height)
		text(px(v), top + height + 18, "middle", short_power(v))
	}
	printf "<text x=\"%.1f\" y=\"%.1f\"><tspan font-weight=\"bold\">%s</tspan>, %s</text>\n",
	       left, top - 10, name, unit[name]
	curve(name, "reference", "#999")
	curve(name, "value", "#06c")
}

END {
	columns = 3
	width = 240
	height = 180
	rows = up(panels / columns)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ",
	       columns * 320 + 20, rows * 250 + 50
	print "font-family=\"sans-serif\" font-size=\"12\">"
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	for (p = 1; p <= panels; p++) {
		left = 60 + (p - 1) % columns * 320
		top = 50 + int((p - 1) / columns) * 250
		panel(order[p])
	}
	key(60, rows * 250 + 35, "#06c", "libioasid")
	key(170, rows * 250 + 35, "#999", "its reference")
	text(310, rows * 250 + 35, "start", "by the number of live mappings of 4 KiB")
	print "</svg>"
}
