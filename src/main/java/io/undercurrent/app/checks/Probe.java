package io.undercurrent.app.checks;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
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

  private static final int TIMEOUT_MS = 5_000;
  private static final int MAX_ANSWER = 1024 * 1024;

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

  Probe(String host, int port) {
    this.host = host;
    this.port = port;
  }

  /**
   * Connects and asks.
   *
   * @throws UnknownHostException if the host has no address
   * @throws IOException if nothing listens there
   */
  Found find() throws IOException {
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

  private Socket connect() throws IOException {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new UnknownHostException(host);
    }
    Socket socket = new Socket();
    try {
      socket.connect(address, TIMEOUT_MS);
      socket.setSoTimeout(TIMEOUT_MS);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static Found ask(Socket socket) {
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
      return new Found(Speaks.NOTHING, null);
    }
  }

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
      short error = in.readShort();
      if (error == ILLEGAL_SASL_STATE) {
        return List.of();
      }
      if (error != UNSUPPORTED_SASL_MECHANISM) {
        return null;
      }
      List<String> mechanisms = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        mechanisms.add(in.readUTF());
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

  private static byte[] clientHello() throws IOException {
    try {
      SSLEngine engine = SSLContext.getDefault().createSSLEngine();
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
