import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/** One node on loopback: {@code Main HOME HTTP_PORT TRANSPORT_PORT}. */
public class Main {
    static class Server extends Node {
        Server(Environment environment, Collection<Class<? extends Plugin>> plugins) {
            super(environment, plugins, true);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String home = arguments[0];
        Settings settings = Settings.builder()
            .put("path.home", home)
            .put("path.data", home + "/data")
            .put("path.logs", home + "/logs")
            .put("node.name", "n1")
            .put("cluster.name", "carml-test")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", arguments[1])
            .put("transport.port", arguments[2])
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("node.processors", 1)
            .build();
        Path config = Path.of(home, "config");
        Files.createDirectories(config);
        Server server = new Server(
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), config, () -> "n1"),
            List.of(Netty4Plugin.class, CommonAnalysisPlugin.class));
        server.start();
        Thread.currentThread().join();
    }
}
