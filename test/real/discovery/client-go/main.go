// Discovery as controllers in Go do it, again and again, aggregated and legacy at the same time. What each call found and
// what failed becomes a line of JSON on standard output, so that a test can compare it with what it did to the servers.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// Long enough to leave two processors to others, short enough to meet every moment of a restart.
const pause = 100 * time.Millisecond

type look struct {
	Mode string `json:"mode"`
	Call string `json:"call"`
	// The kind to be mapped, as KIND.VERSION.GROUP.
	Kind string `json:"kind,omitempty"`
	// Milliseconds since the epoch.
	Started int64 `json:"started"`
	Ended   int64 `json:"ended"`
	// Of the whole call: nothing was found.
	Error string `json:"error,omitempty"`
	// Why each group-version that was named could not be read.
	Failed map[string]string `json:"failed,omitempty"`
	// Number of group-versions with their resources.
	Read int `json:"read"`
	// Group-versions that groups name, those without resources, too.
	Named []string `json:"named,omitempty"`
}

var output = struct {
	sync.Mutex
	*json.Encoder
}{Encoder: json.NewEncoder(os.Stdout)}

func report(l look) {
	l.Ended = time.Now().UnixMilli()
	output.Lock()
	defer output.Unlock()
	if err := output.Encode(l); err != nil {
		os.Exit(1)
	}
}

func main() {
	// What is said in looks need not be said again.
	utilruntime.ErrorHandlers = nil
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig file")
	kinds := flag.String("kinds", "", "kinds to map, as KIND.VERSION.GROUP, separated by commas")
	flag.Parse()
	if err := run(*kubeconfig, strings.Split(*kinds, ",")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kubeconfig string, names []string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	aggregated, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	kinds := make([]*schema.GroupVersionKind, len(names))
	for i, name := range names {
		if kinds[i], _ = schema.ParseKindArg(name); kinds[i] == nil {
			return fmt.Errorf("%q is not of the form KIND.VERSION.GROUP", name)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	for mode, client := range map[string]discovery.DiscoveryInterface{
		"aggregated": aggregated,
		"legacy":     aggregated.WithLegacy(),
	} {
		go again(func() {
			l := begin(mode, "ServerGroupsAndResources")
			groups, lists, err := client.ServerGroupsAndResources()
			for _, group := range groups {
				for _, version := range group.Versions {
					l.Named = append(l.Named, version.GroupVersion)
				}
			}
			report(l.with(lists, err))
		})
		go again(func() {
			l := begin(mode, "ServerPreferredResources")
			lists, err := client.ServerPreferredResources()
			report(l.with(lists, err))
		})
		mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
		go again(func() {
			// What is read for the first kind serves for all.
			l := begin(mode, "RESTMapping")
			mapper.Reset()
			for i, kind := range kinds {
				l.Kind, l.Error = names[i], ""
				if _, err := mapper.RESTMapping(kind.GroupKind(), kind.Version); err != nil {
					l.Error = reason(err)
				}
				report(l)
			}
		})
	}
	<-stop
	// A line under way is written to its end.
	output.Lock()
	return nil
}

func again(do func()) {
	for {
		do()
		time.Sleep(pause)
	}
}

func begin(mode, call string) look {
	return look{Mode: mode, Call: call, Started: time.Now().UnixMilli()}
}

func (l look) with(lists []*metav1.APIResourceList, err error) look {
	l.Read = len(lists)
	var partly *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &partly):
		l.Failed = map[string]string{}
		for version, err := range partly.Groups {
			l.Failed[version.String()] = reason(err)
		}
	case err != nil:
		l.Error = reason(err)
	}
	return l
}

func reason(err error) string {
	var stale discovery.StaleGroupVersionError
	switch {
	case errors.As(err, &stale):
		return "Stale"
	case meta.IsNoMatchError(err):
		return "NoMatch"
	case apierrors.ReasonForError(err) != metav1.StatusReasonUnknown:
		return string(apierrors.ReasonForError(err))
	}
	return err.Error()
}
