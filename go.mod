module github.com/kindred-match/kindred

go 1.26
