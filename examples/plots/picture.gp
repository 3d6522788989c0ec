# What every picture begins with. A script sets `width` and `height` in pixels and loads this; the
# program that starts it has set directory, name and kind (svg or png).
set encoding utf8
if (kind eq 'png') {
    set terminal pngcairo size 1.5 * width, 1.5 * height background rgb 'white' font 'sans,14' fontscale 1.15 linewidth 1.5
} else {
    set terminal svg size width, height background rgb 'white' font 'sans-serif,14'
}
set output directory . '/' . name . '.' . kind
set border 3 lc rgb '#555555'
set tics nomirror out scale 0.6 textcolor rgb '#333333'
set grid lt 1 lw 0.7 lc rgb '#e4e4e4'
set key noenhanced
set datafile separator ','

# Colours of a scale from the first layer (dark) to the last (bright): color(i, n) for i = 1 .. n. Five
# points of matplotlib's "plasma", which stay apart in grey and for the colour-blind.
plasma_red = '13 126 204 248 230'
plasma_green = '8 3 71 149 190'
plasma_blue = '135 168 120 64 20'
plasma_at(i, n) = n < 2 ? 0.0 : 4.0 * (i - 1) / (n - 1)
plasma_from(x) = x < 4 ? int(x) + 1 : 4
plasma_mix(a, x) = int(word(a, plasma_from(x)) + (x - plasma_from(x) + 1) * (word(a, plasma_from(x) + 1) - word(a, plasma_from(x))))
color(i, n) = plasma_mix(plasma_red, plasma_at(i, n)) * 65536 + plasma_mix(plasma_green, plasma_at(i, n)) * 256 + plasma_mix(plasma_blue, plasma_at(i, n))
