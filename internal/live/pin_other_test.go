//go:build !linux

package live_test

import "errors"

func pin(int) error { return errors.New("threads can't be pinned to a core here") }
