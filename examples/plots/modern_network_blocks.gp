# Twenty residual blocks: each kernel's gradient at the first batch and over all batches. `residual`
# names the networks that were trained.
width = 1180; height = 520
load 'picture.gp'
load 'modern_network_runs.gp'

table = directory . '/kernels.csv'
set xlabel 'kernel: 0 is the first, then two for each block, 41 is the output'
set xrange [-1:42]; set xtics 10
set logscale y; set format y '10^{%T}'; set yrange [0.1:1e6]; set ytics 10
set multiplot layout 1,2 title 'Twenty residual blocks of 256 units on digits: what reaches each kernel, before clipping' font ',19' \
    margins 0.07,0.985,0.14,0.83 spacing 0.05,0.1
set ylabel 'L2 norm of dL/dW'
set title 'first batch'
unset key
plot for [name in residual] table skip 1 using (strcol(1) eq name ? $2 - 1 : NaN):4 with lines lw 2.4 lt place(name) lc rgb shade(name)
set title 'mean over the batches'
unset ylabel; set format y ''
set key top right reverse Left samplen 4
plot for [name in residual] table skip 1 using (strcol(1) eq name ? $2 - 1 : NaN):5 with lines lw 2.4 lt place(name) lc rgb shade(name) title say(name)
unset multiplot
