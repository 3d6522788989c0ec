# A panel for each run: L2 of every kernel's gradient, means over ten epochs.
what = "L2 of each kernel's gradient at the first batch of an epoch, means over ten epochs"
load 'momentum_circles_panels.gp'
table = directory . '/gradients.csv'
of(run, layer, value) = (stringcolumn(1) eq run && $3 == layer) ? value : NaN
layers = '' # of each run; before there are ranges, which stats would go by
do for [i = 1:n] {
    stats table skip 1 using (stringcolumn(1) eq word(runs, i) ? $3 : NaN) nooutput
    layers = layers . sprintf(' %d', STATS_max)
}
stats table skip 1 using 2 nooutput
last = STATS_max > 0 ? 10 * ceil(STATS_max / 10) : 1
set xrange [0:last]; set xtics last > 5 ? last / 5 : 1
stats table skip 1 using ($5 > 0 ? log10($5) : -1) nooutput # -1: of a dead network, where all is 0
set logscale y; set format y '10^{%T}'; set yrange [10**floor(STATS_min):10**(floor(STATS_max) + 1)]
do for [i = 1:n] {
    run = word(runs, i)
    if (i > 1) { unset key }
    set xlabel label(i, 'epoch')
    if ((i - 1) % columns == 0) { set ylabel 'L2 of dL/dW' } else { unset ylabel }
    set title run noenhanced offset 0, -0.5
    m = int(word(layers, i))
    plot for [layer = 1:m] table skip 1 using 2:(of(run, layer, $5)) with lines lw layer == 1 ? 3 : 1.6 \
        dt layer == m ? 2 : 1 lc rgb color(layer, m) title layer == m ? 'output' : sprintf('hidden %d', layer)
}
unset multiplot
