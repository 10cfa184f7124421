module github.com/kindred-match/kindred/bench

go 1.26.0

require github.com/kindred-match/kindred v0.0.0

replace github.com/kindred-match/kindred => ../
