# A panel for each run: the ten weights of the first layer after 50 and after 100 epochs.
what = 'First-layer weights: how far do they come from epoch 50 to epoch 100?'
load 'momentum_circles_panels.gp'
table = directory . '/weights.csv'
of(run, value) = stringcolumn(1) eq run ? value : NaN
place(input, unit) = 5 * (input - 1) + unit
stats table skip 1 using ($4 < $5 ? $4 : $5) nooutput
low = STATS_min
stats table skip 1 using ($4 > $5 ? $4 : $5) nooutput
set yrange [floor(low):ceil(STATS_max)]; set ytics 1
set xrange [0.3:10.7]; set xtics 1, 1, 10
do for [i = 1:n] {
    run = word(runs, i)
    if (i > 1) { unset key }
    set xlabel label(i, 'weight (1-5: of input 1, 6-10: of input 2)')
    if ((i - 1) % columns == 0) { set ylabel 'value' } else { unset ylabel }
    stats table skip 1 using (of(run, abs($5 - $4))) nooutput
    set title sprintf("%s: mean change %.4f", run, STATS_mean) noenhanced offset 0, -0.5
    plot table skip 1 using (place($2, $3)):(of(run, $4)):(0):($5 - $4) with vectors nohead lw 1.6 lc rgb '#999999' notitle, \
         table skip 1 using (place($2, $3)):(of(run, $4)) with points pt 6 ps 1 lw 1.6 lc rgb '#0d0887' title 'after 50 epochs', \
         table skip 1 using (place($2, $3)):(of(run, $5)) with points pt 7 ps 0.6 lc rgb '#e8743b' title 'after 100 epochs'
}
unset multiplot
