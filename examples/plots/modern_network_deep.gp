# Ten hidden layers: each kernel's gradient at the first batch and over all batches. `deep` names
# the networks that were trained.
width = 1180; height = 500
load 'picture.gp'
load 'modern_network_runs.gp'

table = directory . '/kernels.csv'
set xlabel 'layer: 1 is next to the input, 11 is the output'
set xrange [0.5:11.5]; set xtics 1
set logscale y; set format y '10^{%T}'; set yrange [1e-9:10]; set ytics 10
set multiplot layout 1,2 title 'Ten hidden layers of 128 units on digits: what reaches each kernel' font ',19' \
    margins 0.075,0.985,0.14,0.83 spacing 0.05,0.1
set ylabel 'L2 norm of dL/dW'
set title 'first batch'
unset key
plot for [name in deep] table skip 1 using (strcol(1) eq name ? $2 : NaN):4 with linespoints lt place(name) lw 2.2 pt mark(name) ps 1.1 lc rgb shade(name)
set title 'mean over the batches'
unset ylabel; set format y ''
set key bottom right reverse Left samplen 3
plot for [name in deep] table skip 1 using (strcol(1) eq name ? $2 : NaN):5 with linespoints lt place(name) lw 2.2 pt mark(name) ps 1.1 lc rgb shade(name) title say(name)
unset multiplot
