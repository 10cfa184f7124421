// Command kernel says which inner loops the ranker has.
package main

import (
	"fmt"

	"github.com/kindred-match/kindred/matcher"
)

func main() { fmt.Println(matcher.Kernel()) }
