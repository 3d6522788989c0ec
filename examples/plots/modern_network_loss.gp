# The loss of every batch of the networks that were trained: `deep`, `residual` and `conv`.
width = 1180; height = 500
load 'picture.gp'
load 'modern_network_runs.gp'

table = directory . '/batches.csv'
blocks = residual . conv
panels = (strlen(deep) > 0) + (strlen(blocks) > 0)
set xlabel 'batch of 128 images'
set logscale y; set format y '%g'
set multiplot layout 1,panels title 'The loss of each batch, before its update; ln 10 = 2.30 is guessing' font ',19' \
    margins 0.07,0.985,0.14,0.83 spacing 0.06,0.1
set ylabel 'cross-entropy'
set arrow 1 from graph 0, first log(10) to graph 1, first log(10) nohead lw 1.5 lc rgb '#999999'
if (strlen(deep) > 0) {
    set title 'ten hidden layers'; set ytics (0.2, 0.5, 1, 2, 4)
    set key bottom left reverse Left samplen 4
    plot [0:*] [0.15:4] for [name in deep] table skip 1 using (strcol(1) eq name ? $2 : NaN):3 with lines lw 2 lt place(name) lc rgb shade(name) title say(name)
}
if (strlen(blocks) > 0) {
    set title 'residual blocks'; unset ylabel; set ytics autofreq
    set key top right reverse Left samplen 4
    plot [0:*] [0.1:*] for [name in blocks] table skip 1 using (strcol(1) eq name ? $2 : NaN):3 with lines lw 2 lt place(name) lc rgb shade(name) title say(name)
}
unset multiplot
