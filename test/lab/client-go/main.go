// Informers of client-go, as every controller in Go has them. Each change they see becomes a line of JSON on standard output,
// so that a test can compare what they saw with what it did.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type line struct {
	Event           string `json:"event"`
	Informer        string `json:"informer"`
	Object          string `json:"object,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	Value           string `json:"value,omitempty"`
}

var output = struct {
	sync.Mutex
	*json.Encoder
}{Encoder: json.NewEncoder(os.Stdout)}

func print(l line) {
	output.Lock()
	defer output.Unlock()
	if err := output.Encode(l); err != nil {
		os.Exit(1)
	}
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig file")
	resource := flag.String("resource", "", "a further type to watch, as RESOURCE.VERSION.GROUP")
	flag.Parse()
	if err := run(*kubeconfig, *resource); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kubeconfig, resource string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}

	factory := informers.NewSharedInformerFactory(typed, 0)
	report("configmaps", factory.Core().V1().ConfigMaps().Informer())
	report("namespaces", factory.Core().V1().Namespaces().Informer())
	further := dynamicinformer.NewDynamicSharedInformerFactory(untyped, 0)
	gvr, _ := schema.ParseResourceArg(resource)
	if gvr == nil {
		return fmt.Errorf("%q is not of the form RESOURCE.VERSION.GROUP", resource)
	}
	report(gvr.Resource, further.ForResource(*gvr).Informer())

	factory.Start(ctx.Done())
	further.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		print(line{Event: "synced", Informer: kind.String(), Value: fmt.Sprint(synced)})
	}
	for gvr, synced := range further.WaitForCacheSync(ctx.Done()) {
		print(line{Event: "synced", Informer: gvr.Resource, Value: fmt.Sprint(synced)})
	}
	print(line{Event: "ready"})
	<-ctx.Done()
	return nil
}

func report(name string, informer cache.SharedIndexInformer) {
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { print(describe("added", name, obj)) },
		UpdateFunc: func(_, obj any) { print(describe("updated", name, obj)) },
		DeleteFunc: func(obj any) {
			if missed, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				print(describe("vanished", name, missed.Obj))
				return
			}
			print(describe("deleted", name, obj))
		},
	})
	if err != nil {
		panic(err)
	}
}

func describe(event, informer string, obj any) line {
	l := line{Event: event, Informer: informer}
	object, err := meta.Accessor(obj)
	if err != nil {
		return l
	}
	l.Object = object.GetName()
	if namespace := object.GetNamespace(); namespace != "" {
		l.Object = namespace + "/" + l.Object
	}
	l.ResourceVersion = object.GetResourceVersion()
	if configMap, ok := obj.(runtime.Object).(*corev1.ConfigMap); ok {
		l.Value = configMap.Data["value"]
	}
	return l
}
