# Equation (123): for how wide a range of activations the factor can be 1 or more. Data: width.csv.
width = 760
height = 430
load 'picture.gp'
file = directory . '/width.csv'
stats file skip 1 using 1:2 name 'width' nooutput
set title 'Activations {/:Italic a} for which |{/:Italic w}σ′({/:Italic wa} + {/:Italic b})| ≥ 1: how wide their range is' enhanced
set xlabel '|{/:Italic w}|' enhanced
set ylabel 'width of the range of {/:Italic a}' enhanced
set xrange [0:20]
set yrange [0:0.5]
set label 1 sprintf('widest at |w| = %.2f: %.4f', width_pos_max_y, width_max_y) at width_pos_max_y, width_max_y offset 0, 1.2 left
set label 2 'none below 4' at 3.8, 0.02 right tc rgb '#555555'
set arrow 1 from 4, 0 to 4, 0.5 nohead dt 3 lc rgb '#999999'
unset key
plot file skip 1 using 1:2 with lines lw 2.4 lc rgb '#3b2b8f', \
     '+' using (width_pos_max_y):(width_max_y) every ::::0 with points pt 7 ps 1 lc rgb '#c0392b'
