# hulls.svg from hulls.dat: gnuplot docs/figures/hulls.gp, in the repository's root
set terminal svg size 860, 620 font "sans-serif,13" background "#ffffff"
set output "docs/figures/hulls.svg"
data = "docs/figures/hulls.dat"
set multiplot layout 2, 1 margins 0.09, 0.98, 0.09, 0.93 spacing 0, 0.16
set border 3 lc rgb "#555555"
set tics nomirror out
set grid ytics lc rgb "#e4e4e4"
set style line 1 pt 9 ps 0.55 lc rgb "#1f6fb2"
set style line 2 pt 11 ps 0.55 lc rgb "#c2571a"
set style line 3 lw 1.2 lc rgb "#333333"
set key at screen 0.5, 0.975 center center horizontal Left reverse samplen 1.5 width 2
set xrange [0:7.3]
set ylabel "ms"
set label 1 "the port is filled: the way there takes 5 to 40 ms" at graph 0.55, 0.42 center tc rgb "#1f6fb2"
plot data index 0 using 1:($2 / 1000) with points ls 1 title "L: the truth is not below", \
     data index 1 using 1:($2 / 1000) with points ls 2 title "U: the truth is not above"
unset label 1
set key at screen 0.5, 0.475 center center
set ylabel "us"
set xlabel "seconds"
set yrange [-12:12]
plot data index 2 using 1:2:3 with filledcurves fs solid 0.18 noborder lc rgb "#555555" title "the bound", \
     data index 2 using 1:(0) with lines dt 2 lw 1.2 lc rgb "#2a8a3e" title "the truth", \
     data index 0 using 1:2 with points ls 1 notitle, \
     data index 1 using 1:2 with points ls 2 notitle
unset multiplot
