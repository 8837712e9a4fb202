package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// maxFile bounds the configuration file, in bytes.
const maxFile = 4 << 20

// Load reads the configuration file at path for the parts chosen: it does
// what [Parse] does, and then opens the files that these parts read, to check
// and parse them. Files and secrets of other parts are not opened. Secrets
// are not resolved, but a file that holds one must be private.
//
// Either the Config is nil or there are no Problems.
func Load(path string, parts Parts) (*Config, Problems) {
	data, err := readLimited(path, maxFile)
	if err != nil {
		return nil, Problems{{File: path, Text: err.Error()}}
	}
	d, c := parse(path, data, parts)
	if len(d.problems) == 0 {
		d.openFiles(c)
	}
	return d.result(c)
}

// Parse reads the text of a configuration file called name, in whose folder
// relative paths start. It opens no other file: what Load reads from files
// (keys, bundles, roots) stays empty.
//
// Either the Config is nil or there are no Problems.
func Parse(name string, data []byte, parts Parts) (*Config, Problems) {
	d, c := parse(name, data, parts)
	return d.result(c)
}

func parse(name string, data []byte, parts Parts) (*decoder, *Config) {
	d := newDecoder(name, parts)
	root := d.document(data)
	if root == nil {
		return d, nil
	}
	return d, d.config(value{d: d, node: root, at: root, rule: grammar})
}

func (d *decoder) result(c *Config) (*Config, Problems) {
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return c, nil
}

// config reads the file in the order in which one section needs another:
// scopes, then those who offer and hold them, then the routes that demand them.
func (d *decoder) config(v value) *Config {
	o := v.object()
	if version := o.get("version"); version.present() {
		version.number(1, 1, 1)
	}
	c := &Config{File: d.path}
	c.Scopes = d.declareScopes(o.get("scopes"))
	c.Audit = o.get("audit").audit()
	c.Operations = o.get("operations").operations()
	server := d.authServer(o.get(PartAuthServer))
	gateway := d.gateway(o.get(PartGateway))
	d.crossCheck(server, gateway)

	if d.runs(o, PartAuthServer) {
		c.AuthServer = server
	}
	if d.runs(o, PartGateway) {
		c.Gateway = gateway
	}
	if !o.get(PartAuthServer).present() && !o.get(PartGateway).present() {
		v.fail("there is nothing to run; expected a section authserver, a section gateway, or both")
	}
	c.Unsafe = slices.DeleteFunc(d.unsafe, func(u Unsafe) bool { return !d.chosen(u.Key) })
	c.files = []string{d.path}
	return c
}

// runs tells whether a part runs, and reports a part that was asked for and
// has no section.
func (d *decoder) runs(o object, part string) bool {
	section := o.get(part)
	if !section.present() && d.parts.demands(part) {
		section.fail("is missing; this part was asked for, so the file needs its section")
	}
	return section.present() && d.parts.wants(part)
}

func (v value) audit() Audit {
	if !v.present() {
		return Audit{}
	}
	sink := v.object().get("sink")
	if sink.present() && sink.node.Value == "stdout" {
		return Audit{Stdout: true}
	}
	return Audit{File: sink.reference("file").Path()}
}

func (v value) operations() Operations {
	if !v.present() {
		return Operations{}
	}
	listen := v.object().get("listen")
	address := listen.address()
	if address != "" && !isLoopback(address) {
		listen.refuse("is not a loopback address; the operations listener is plain HTTP without authentication")
		return Operations{}
	}
	return Operations{Listen: address}
}

// readLimited reads a whole file of at most limit bytes. The error says in
// one line what is wrong, without the path.
func readLimited(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if info.Size() > limit {
		return nil, errors.New("is larger than a file of this kind may be")
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, plain(err)
	}
	return data, nil
}

// plain gives the reason of a file error in words, without path or call.
func plain(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("the file does not exist")
	case errors.Is(err, os.ErrPermission):
		return errors.New("the file cannot be read by this user: permission denied")
	}
	var inner *os.PathError
	if errors.As(err, &inner) {
		return errors.New("the file cannot be read: " + inner.Err.Error())
	}
	return errors.New("the file cannot be read")
}
