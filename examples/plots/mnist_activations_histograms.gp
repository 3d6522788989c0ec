# Layer 4 over the iterations: how its gradients and its weights are spread, by sign and power of two.
width = 900; height = 760
load 'picture.gp'
table = directory . '/histograms.csv'
stats directory . '/looks.csv' skip 1 using 2 nooutput
last = STATS_max
step = 1
if (last > 0) {
    stats directory . '/looks.csv' skip 1 using ($2 > 0 ? $2 : NaN) nooutput
    step = STATS_min # from look to look
}
# Powers of two from the smallest that is shown, on either side of 0; zeros have sign 0.
least = -24
place(sign, exponent) = sign * (exponent - least + 1.5)
of(run, role, value) = (stringcolumn(1) eq run && $3 == 4 && stringcolumn(4) eq role && (stringcolumn(5) eq '0' || $6 >= least)) ? value : NaN
set multiplot layout 2, 2 title "Layer 4: the article's \"weights\" are gradients" font ',17' \
    margins screen 0.1, screen 0.87, screen 0.08, screen 0.9 spacing screen 0.1, screen 0.1
set palette defined (0 '#ffffff', 0.05 '#dfe3f0', 0.3 '#8c6bb1', 1 '#1b0440')
set cbrange [0:0.5]; set cblabel 'share of the 100 elements'
set colorbox user origin screen 0.895, screen 0.2 size screen 0.02, screen 0.55
set xrange [-step / 2.0:last + step / 2.0]; set xtics last > 0 ? last / 4.0 : 1; set format x '%.0f'
set yrange [place(-1, 4):place(1, 4)]
set ytics ("-2^{0}" place(-1, 0) - 0.5, "-2^{-8}" place(-1, -8) - 0.5, "-2^{-16}" place(-1, -16) - 0.5, "0" 0, \
    "2^{-16}" place(1, -16) - 0.5, "2^{-8}" place(1, -8) - 0.5, "2^{0}" place(1, 0) - 0.5)
set style fill solid noborder
unset key
set ylabel offset 1
do for [run in 'sigmoid relu'] {
    do for [role in 'kernel_gradient kernel'] {
        set title (run eq 'relu' ? 'ReLU: ' : 'sigmoid: ') . (role eq 'kernel' ? 'weights' : 'gradients') offset 0, -0.5
        set ylabel role eq 'kernel' ? 'W' : 'dL/dW'
        if (run eq 'relu') { set xlabel 'iteration' } else { unset xlabel }
        plot table skip 1 using 2:(of(run, role, place($5, $6))):(step / 2.0):(0.5):7 with boxxyerror fc palette
        unset colorbox
    }
}
unset multiplot
