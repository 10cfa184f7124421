//go:build !amd64

package kernel

func available() []loops { return []loops{portable} }
