package runfolder

import "path/filepath"

// Towards is the way from a run folder to its input, with slashes: relative, so
// that both can be moved together, else absolute.
func Towards(runFolder, input string) (string, error) {
	from, err := filepath.Abs(runFolder)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(input)
	if err != nil {
		return "", err
	}
	// The ways go up from where folders really are.
	if real, err := filepath.EvalSymlinks(filepath.Dir(from)); err == nil {
		from = filepath.Join(real, filepath.Base(from))
	}
	if to, err = filepath.EvalSymlinks(to); err != nil {
		return "", err
	}
	if way, err := filepath.Rel(from, to); err == nil {
		return filepath.ToSlash(way), nil
	}
	return filepath.ToSlash(to), nil
}

// InputOf is the district folder that a run folder names.
func InputOf(runFolder string, s *Summary) string {
	way := filepath.FromSlash(s.Options.Input)
	if filepath.IsAbs(way) {
		return way
	}
	if real, err := filepath.EvalSymlinks(runFolder); err == nil {
		runFolder = real
	}
	return filepath.Join(runFolder, way)
}
