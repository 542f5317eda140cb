import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Sends requests with the HttpClient of the JDK: {@code java Ask.java SOCKET_URL}.
 *
 * <p>A line of standard input is a request. Its members are separated by tabs: an id, {@code default} or {@code HTTP_1_1},
 * the method, the URL, {@code Accept} or nothing, and the body in base64; or an id, {@code socket} and a message in
 * base64. A line of standard output is an answer: the id, the status, the content type and the body in base64; for a
 * message, the id, {@code message} and the text in base64, until the operation is complete.
 */
public final class Ask {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    public static void main(String[] arguments) throws Exception {
        // The default of the JDK is HTTP/2, requested by `Upgrade: h2c` if the server is not known to support it.
        HttpClient standard = HttpClient.newHttpClient();
        HttpClient old = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        Socket socket = new Socket(standard, URI.create(arguments[0]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] members = line.split("\t", -1);
            if (members[1].equals("socket")) {
                socket.ask(members[0], decoded(members[2]));
            } else {
                ask(members[1].equals("default") ? standard : old, members);
            }
        }
        socket.close();
    }

    private static void ask(HttpClient client, String[] members) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(members[3])).timeout(PATIENCE);
        if (!members[4].isEmpty()) {
            request.header("Accept", members[4]);
        }
        if (members[2].equals("POST")) {
            request.header("Content-Type", "application/json");
            request.POST(BodyPublishers.ofByteArray(Base64.getDecoder().decode(members[5])));
        }
        HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
        String type = response.headers().firstValue("content-type").orElse("");
        print(members[0], String.valueOf(response.statusCode()), type, encoded(response.body()));
    }

    private static String decoded(String base64) {
        return new String(Base64.getDecoder().decode(base64), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static String encoded(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void print(String... members) {
        System.out.println(String.join("\t", members));
    }

    /** A socket with the protocol graphql-transport-ws. */
    private static final class Socket implements WebSocket.Listener {
        private final LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();
        private final StringBuilder begun = new StringBuilder();
        private final WebSocket socket;

        Socket(HttpClient client, URI url) throws Exception {
            socket = client.newWebSocketBuilder().subprotocols("graphql-transport-ws").buildAsync(url, this).get();
            socket.sendText("{\"type\":\"connection_init\"}", true).get();
            String acknowledged = next();
            if (!acknowledged.equals("{\"type\":\"connection_ack\"}")) {
                throw new IllegalStateException(acknowledged);
            }
        }

        void ask(String id, String message) throws Exception {
            socket.sendText(message, true).get();
            String answer;
            do {
                answer = next();
                print(id, "message", encoded(answer.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            } while (!answer.endsWith("\"type\":\"complete\"}") && !answer.contains("\"type\":\"error\""));
        }

        void close() throws Exception {
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get();
        }

        private String next() throws Exception {
            String text = received.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (text == null) {
                throw new IllegalStateException("no message came");
            }
            return text;
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean isLast) {
            begun.append(text);
            if (isLast) {
                received.add(begun.toString());
                begun.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            received.add("the socket was closed with " + status + " " + reason);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            received.add("the socket failed with " + error);
        }
    }
}
