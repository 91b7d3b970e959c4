import java.util.Map;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;

/**
 * Finds and registers services with Curator's own client, as a Java service does.
 *
 * <pre>
 * find ZOOKEEPER BASE SERVICE            prints "ADDRESS:PORT PAYLOAD" per instance
 * serve ZOOKEEPER BASE SERVICE ADDRESS   registers, prints "registered"; until stdin ends
 * </pre>
 */
public class CuratorDiscovery {
    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 4) {
            System.err.println("usage: find|serve ZOOKEEPER BASE SERVICE [ADDRESS]");
            System.exit(2);
        }
        String servers = arguments[1], base = arguments[2], service = arguments[3];
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(servers, new RetryOneTime(200))) {
            client.start();
            ServiceDiscoveryBuilder<Object> discovery =
                    ServiceDiscoveryBuilder.builder(Object.class).client(client).basePath(base);
            if (arguments[0].equals("find")) {
                find(discovery, service);
            } else {
                serve(discovery, service, arguments[4]);
            }
        }
    }

    private static void find(ServiceDiscoveryBuilder<Object> builder, String service)
            throws Exception {
        try (ServiceDiscovery<Object> discovery = builder.build()) {
            discovery.start();
            for (ServiceInstance<Object> found : discovery.queryForInstances(service)) {
                String address = found.getAddress() + ":" + found.getPort();
                System.out.println(address + " " + found.getPayload());
            }
        }
    }

    private static void serve(
            ServiceDiscoveryBuilder<Object> builder, String service, String address)
            throws Exception {
        int colon = address.lastIndexOf(':');
        ServiceInstance<Object> instance =
                ServiceInstance.<Object>builder()
                        .name(service)
                        .address(address.substring(0, colon))
                        .port(Integer.parseInt(address.substring(colon + 1)))
                        .payload(Map.of("language", "java"))
                        .build();
        try (ServiceDiscovery<Object> discovery = builder.thisInstance(instance).build()) {
            discovery.start();
            System.out.println("registered");
            while (System.in.read() >= 0) {}
        }
    }
}
