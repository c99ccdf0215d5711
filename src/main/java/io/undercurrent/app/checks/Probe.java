package io.undercurrent.app.checks;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Finds out what a port speaks, without Kafka's clients. A client without TLS takes the answer of a
 * TLS port for a length, allocates 350 MB for the rest, and dies of it.
 *
 * <p>It asks which requests the broker knows, and offers a login that no broker has: a port that
 * wants a login answers with those it has. It sends no secret.
 */
final class Probe {

  /** What the port is. */
  enum Speaks {
    /** Kafka's protocol, without TLS. */
    KAFKA,
    TLS,
    /** It closed the connection, and says nothing to a TLS client either. */
    NOTHING,
    /** It took the request, and answered nothing in time. */
    SILENCE,
    SOMETHING_ELSE
  }

  /**
   * What was found.
   *
   * @param logins the SASL mechanisms that the port offers; empty if it takes no login; null if
   *     that is not known
   */
  record Found(Speaks speaks, List<String> logins) {}

  /** For each connection and each read. */
  private static final int TIMEOUT_MS = 5_000;

  /** For all of it, because a server may send one byte now and then. */
  private static final Duration ALL = Duration.ofSeconds(10);

  private static final int MAX_ANSWER = 1024 * 1024;
  private static final int MAX_LOGINS = 50;

  /** The names of SASL mechanisms, by RFC 4422. */
  private static final Pattern LOGIN = Pattern.compile("[A-Z0-9_-]{1,20}");

  private static final short API_VERSIONS = 18;
  private static final short SASL_HANDSHAKE = 17;
  private static final short ILLEGAL_SASL_STATE = 34;
  private static final short UNSUPPORTED_SASL_MECHANISM = 33;

  /** First bytes of a TLS record: its type. */
  private static final int TLS_ALERT = 0x15;

  private static final int TLS_HANDSHAKE = 0x16;
  private static final int TLS_MAJOR_VERSION = 3;

  private final String host;
  private final int port;
  private final Duration all;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean late; // set before the sockets are closed

  Probe(String host, int port) {
    this(host, port, ALL);
  }

  /**
   * @param all the time limit
   */
  Probe(String host, int port, Duration all) {
    this.host = host;
    this.port = port;
    this.all = all;
  }

  /**
   * Connects and asks.
   *
   * @throws UnknownHostException if the host has no address
   * @throws IOException if nothing listens there
   */
  Found find() throws IOException {
    CompletableFuture.delayedExecutor(all.toMillis(), TimeUnit.MILLISECONDS).execute(this::end);
    try (Socket socket = connect()) {
      Found found = ask(socket);
      if (found.speaks != Speaks.NOTHING && found.speaks != Speaks.TLS) {
        return found;
      }
      return found.speaks == Speaks.TLS || answersTls()
          ? new Found(Speaks.TLS, loginsBehindTls())
          : found;
    }
  }

  /** Closes all connections, which ends what reads from them. */
  private void end() {
    late = true;
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        // it is of no use any more
      }
    }
  }

  /** Connects to the first of the host's addresses that takes it, as Kafka's clients do. */
  private Socket connect() throws IOException {
    IOException refused = null;
    for (InetAddress address : InetAddress.getAllByName(host)) {
      try {
        return connect(new InetSocketAddress(address, port));
      } catch (IOException e) {
        refused = e;
      }
    }
    throw refused;
  }

  private Socket connect(InetSocketAddress address) throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    try {
      if (late) {
        throw new SocketTimeoutException("not within %d s".formatted(all.toSeconds()));
      }
      socket.connect(address, TIMEOUT_MS);
      socket.setSoTimeout(TIMEOUT_MS);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private Found ask(Socket socket) {
    try {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      send(socket, API_VERSIONS, (short) 0, new byte[0]);
      byte[] start = new byte[4];
      in.readFully(start);
      if (start[0] == TLS_ALERT && start[1] == TLS_MAJOR_VERSION) {
        return new Found(Speaks.TLS, null);
      }
      int length = ByteBuffer.wrap(start).getInt();
      if (length < 6 || length > MAX_ANSWER || in.readInt() != API_VERSIONS) {
        return new Found(Speaks.SOMETHING_ELSE, null);
      }
      in.skipNBytes(length - 4L);
      return new Found(Speaks.KAFKA, logins(socket, in));
    } catch (SocketTimeoutException e) {
      return new Found(Speaks.SILENCE, null);
    } catch (IOException e) {
      return new Found(late ? Speaks.SILENCE : Speaks.NOTHING, null);
    }
  }

  /** Null if the answer is not known or cannot be right. */
  private static List<String> logins(Socket socket, DataInputStream in) {
    byte[] none = "NONE".getBytes(StandardCharsets.US_ASCII);
    try {
      send(
          socket,
          SASL_HANDSHAKE,
          (short) 1,
          ByteBuffer.allocate(2 + none.length).putShort((short) none.length).put(none).array());
      int length = in.readInt();
      if (length < 10 || length > MAX_ANSWER || in.readInt() != SASL_HANDSHAKE) {
        return null;
      }
      DataInputStream answer =
          new DataInputStream(new ByteArrayInputStream(in.readNBytes(length - 4)));
      short error = answer.readShort();
      if (error == ILLEGAL_SASL_STATE) {
        return List.of();
      }
      if (error != UNSUPPORTED_SASL_MECHANISM) {
        return null;
      }
      int count = answer.readInt();
      if (count < 0 || count > MAX_LOGINS) {
        return null;
      }
      List<String> mechanisms = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String mechanism = answer.readUTF();
        if (!LOGIN.matcher(mechanism).matches()) {
          return null;
        }
        mechanisms.add(mechanism);
      }
      return mechanisms;
    } catch (IOException e) {
      return null; // not every broker answers a second request
    }
  }

  /** Sends a request. Its number is that of its kind. */
  private static void send(Socket socket, short kind, short version, byte[] body)
      throws IOException {
    ByteBuffer request = ByteBuffer.allocate(4 + 10 + body.length);
    request.putInt(10 + body.length);
    request.putShort(kind).putShort(version).putInt(kind).putShort((short) -1).put(body);
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.write(request.array());
    out.flush();
  }

  /** Whether the port answers to the first message of a TLS client. */
  private boolean answersTls() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(clientHello());
      socket.getOutputStream().flush();
      int first = socket.getInputStream().read();
      return first == TLS_HANDSHAKE || first == TLS_ALERT;
    } catch (SocketTimeoutException | EOFException e) {
      return false;
    }
  }

  private byte[] clientHello() throws IOException {
    try {
      SSLEngine engine = SSLContext.getDefault().createSSLEngine(host, port);
      engine.setUseClientMode(true);
      ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
      SSLEngineResult result = engine.wrap(ByteBuffer.allocate(0), hello);
      byte[] bytes = new byte[result.bytesProduced()];
      hello.flip();
      hello.get(bytes);
      return bytes;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** The same questions inside TLS; null if there is no connection, for whatever reason. */
  private List<String> loginsBehindTls() {
    try (Socket plain = connect();
        SSLSocket socket =
            (SSLSocket) trustingAll().getSocketFactory().createSocket(plain, host, port, true)) {
      socket.setSoTimeout(TIMEOUT_MS);
      socket.startHandshake();
      return ask(socket).logins;
    } catch (IOException | GeneralSecurityException e) {
      return null;
    }
  }

  /** For this question alone, which says nothing secret. Kafka's client checks the certificate. */
  private static SSLContext trustingAll() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustAll()}, null);
    return context;
  }

  private static final class TrustAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
