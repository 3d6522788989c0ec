# Accuracy and loss of the batches that were looked at.
width = 900; height = 430
load 'picture.gp'
load 'mnist_activations_runs.gp'
set datafile missing NaN
table = directory . '/looks.csv'
of(run, value) = stringcolumn(1) eq run ? value : NaN
stats table skip 1 using 2 nooutput
last = STATS_max > 0 ? STATS_max : 1
set multiplot layout 1, 2 title 'Five hidden layers of ten units: who learns to read digits?' font ',17' \
    margins screen 0.09, screen 0.97, screen 0.16, screen 0.8 spacing screen 0.11, screen 0.1
set key at screen 0.53, screen 0.875 center vertical maxrows 1 reverse Left samplen 3
set xrange [0:last]; set xtics last / 4.0; set format x '%.0f'
set xlabel 'iteration'
do for [i = 1:2] {
    c = i == 1 ? 4 : 3
    set ylabel i == 1 ? 'accuracy of a batch of 30' : 'loss of the batch, cross-entropy'
    if (i == 1) { set yrange [0:1] } else { set yrange [0:*]; unset key }
    plot for [run in runs] table skip 1 using 2:(of(run, column(c))) with linespoints lt place(run) title say(run)
}
unset multiplot
