# Above: by how much the loss fell. Below: decades that the gradient loses on a layer, in bands of 0.05, so
# that the foretold lines can be seen to run along their edges. A column for each of `planes`.
width = columns == 2 ? 1080 : 630
height = 900
load 'picture.gp'
cells = directory . '/phase_diagram.csv'
theory = directory . '/phase_theory.csv'
plane(c) = word(planes, c)
title_of(c) = plane(c) eq 'relu' ? 'ReLU' : plane(c)

# What lies where, in shares of the picture.
left = 72.0 / width
right = 1 - 104.0 / width
gap = 26.0 / width
panel = (right - left - (columns - 1) * gap) / columns
from(c) = left + (c - 1) * (panel + gap)
bottom(row) = row == 1 ? 0.515 : 0.085
top(row) = row == 1 ? 0.875 : 0.445

# Share of the loss that is gone, of what it was or of what guessing has.
least(a, b) = a < b ? a : b
fall(first, last) = 1 - last / least(first, guessing)
shown(first, last) = fall(first, last) < 0 ? 0 : fall(first, last)
# The table says nan or inf where a number has overflowed, or where there is none.
is_number(text) = text ne 'nan' && text ne 'inf' && text ne '-nan'
# A bit wider than their share, so that no seams are left between them.
seam = 1.004
box_left(v) = v / half_factor
box_right(v) = v * half_factor * seam
# Depths are whole numbers, not quite evenly apart; rows are.
row_of(d) = 2 + 2 * half_depth * floor((d - 2) / (2 * half_depth) + 0.5)
box_low(d) = row_of(d) - half_depth
box_high(d) = row_of(d) + half_depth + 0.08

# Both palettes get lighter all the way: in grey they read the same. The first one leaps at 10 percent.
set macros
fallen = "set palette defined (0 '#08051f', 0.0999 '#2c115f', 0.1 '#6d1f81', 0.25 '#b63679', 0.4 '#ee605e', 0.55 '#fd9f6c', 0.7 '#fcfdbf'); set cbrange [0:0.7]; set cbtics ('0' 0, '10 %%' 0.1, '30 %%' 0.3, '50 %%' 0.5, '70 %%' 0.7)"
lost = "set palette maxcolors 16 defined (-0.35 '#fde725', -0.25 '#b5de2b', -0.15 '#6ece58', -0.05 '#35b779', 0.05 '#1f9e89', 0.15 '#26828e', 0.25 '#31688e', 0.35 '#3e4989', 0.45 '#440f54'); set cbrange [-0.35:0.45]; set cbtics ('+0.3' -0.3, '+0.2' -0.2, '+0.1' -0.1, '0' 0, '-0.1' 0.1, '-0.2' 0.2, '-0.3' 0.3, '-0.4' 0.4)"

# What lines stand for, in the colour bar's terms.
told(lost) = lost == 0 ? '0' : sprintf('%+.1f', -lost)

set multiplot
unset key
unset grid
set border 15 lw 0.8 front
set style fill solid noborder
set logscale x 2
set logscale x2 2
set xrange [0.25 / half_factor:8 * half_factor]
set x2range [0.25 / half_factor:8 * half_factor]
set yrange [2 - half_depth:48 + half_depth]
set ytics 8
set label 99 sprintf('Which networks train, and where their gradient goes') at screen 0.5, 0.972 center font ',19'
set label 98 sprintf('%d units a layer, %d steps of SGD; lines: ' . (columns == 2 ? 'foretold by mean field theory from the variance alone' : 'mean field theory'), units, steps) at screen 0.5, 0.939 center textcolor rgb '#444444'

do for [row = 1:2] {
    do for [c = 1:columns] {
        set lmargin at screen from(c)
        set rmargin at screen from(c) + panel
        set tmargin at screen top(row)
        set bmargin at screen bottom(row)
        set xtics ('1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8)
        set ylabel (c == 1 ? 'hidden layers' : '') offset 0.5
        set format y (c == 1 ? '%g' : '')
        set xlabel (row == 2 ? 'variance of a weight × inputs of its layer' : '')
        unset x2tics
        if (row == 1) {
            set x2tics ('PyTorch' 1.0 / 3, 'LeCun, Glorot' 1, 'He' 2) font ',11' offset 0, -0.4
            set label 1 title_of(c) at screen from(c), 0.912 left font ',16'
        }
        if (c == columns) {
            set colorbox user origin screen right + 14.0 / width, bottom(row) size screen 15.0 / width, top(row) - bottom(row)
            set cblabel (row == 1 ? 'the loss fell by' : 'decades gained or lost on a layer') offset 1, 0
        } else {
            unset colorbox
        }
        set arrow 1 from critical[c], graph 0 to critical[c], graph 1 nohead front lw 3.4 lc rgb 'black'
        set arrow 2 from critical[c], graph 0 to critical[c], graph 1 nohead front lw 1.6 dt (6, 4) lc rgb 'white'
        if (row == 1) {
            @fallen
            set label 2 'gradients vanish' at 0.27, 44 left front textcolor rgb 'white'
            set label 3 'gradients explode' at 7.6, 44 right front textcolor rgb 'white'
            set label 5 '6 ξ' at critical[c] * 0.47, 11 right front textcolor rgb 'white'
            set label 4 (plane(c) eq 'relu' ? 'the loss is no number' : '') at 7.6, 40.5 right front textcolor rgb 'white' font ',11'
            plot cells using (stringcolumn(1) eq plane(c) && !is_number(stringcolumn(6)) ? $3 : NaN):2:(box_left($3)):(box_right($3)):(box_low($2)):(box_high($2)) with boxxyerror fc rgb '#7d7d7d', \
                 cells using (stringcolumn(1) eq plane(c) && is_number(stringcolumn(6)) ? $3 : NaN):2:(box_left($3)):(box_right($3)):(box_low($2)):(box_high($2)):(shown($5, $6)) with boxxyerror fc palette, \
                 theory using (stringcolumn(1) eq plane(c) && stringcolumn(2) eq 'trainable' ? $3 : NaN):(least($4, 1e4)) with lines lw 4.4 lc rgb 'black', \
                 theory using (stringcolumn(1) eq plane(c) && stringcolumn(2) eq 'trainable' ? $3 : NaN):(least($4, 1e4)) with lines lw 2 lc rgb 'white'
        } else {
            @lost
            unset label 1
            unset label 2
            unset label 3
            unset label 4
            set label 5 'critical: χ = 1' at critical[c] * 1.08, 29 left rotate by 90 front textcolor rgb 'white' font ',12'
            unset label 98
            unset label 99
            plot cells using (stringcolumn(1) eq plane(c) && !is_number(stringcolumn(7)) ? $3 : NaN):2:(box_left($3)):(box_right($3)):(box_low($2)):(box_high($2)) with boxxyerror fc rgb '#c4c4c4', \
                 cells using (stringcolumn(1) eq plane(c) && is_number(stringcolumn(7)) ? $3 : NaN):2:(box_left($3)):(box_right($3)):(box_low($2)):(box_high($2)):7 with boxxyerror fc palette, \
                 for [k = -2:4] theory using (stringcolumn(1) eq plane(c) && stringcolumn(2) eq sprintf('%.1f', 0.1 * k) ? $3 : NaN):4 with lines lw (k == 0 ? 2.6 : 1.3) lc rgb 'black', \
                 theory using (stringcolumn(1) eq plane(c) && stringcolumn(2) ne 'trainable' && $4 == 48 ? $3 : NaN):(48 + half_depth):(told($2)) with labels offset 0, 0.6 font ',11' textcolor rgb '#555555'
        }
    }
}
unset multiplot
