package io.undercurrent;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A new key and its self-signed certificate, as PEM files. */
public record SelfSigned(Path certificate, Path key) {

  private static final String PASSWORD = "changeit";

  /**
   * Makes them for 127.0.0.1 and localhost.
   *
   * @param algorithm RSA, EC or Ed25519
   */
  public static SelfSigned in(Path folder, String algorithm)
      throws IOException, InterruptedException, GeneralSecurityException {
    return in(folder, algorithm, "ip:127.0.0.1,dns:localhost");
  }

  /**
   * Makes them with the JDK's keytool.
   *
   * @param algorithm RSA, DSA, EC or Ed25519
   * @param names of the host, as keytool writes them
   */
  public static SelfSigned in(Path folder, String algorithm, String names)
      throws IOException, InterruptedException, GeneralSecurityException {
    Files.createDirectories(folder);
    Path store = folder.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                algorithm,
                "-alias",
                "http",
                "-dname",
                "CN=test",
                "-ext",
                "san=" + names,
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool failed: " + said);
    }
    KeyStore made = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      made.load(in, PASSWORD.toCharArray());
    }
    return new SelfSigned(
        pem(folder, "CERTIFICATE", made.getCertificate("http").getEncoded()),
        pem(folder, "PRIVATE KEY", made.getKey("http", PASSWORD.toCharArray()).getEncoded()));
  }

  private static Path pem(Path folder, String kind, byte[] der) throws IOException {
    return Files.writeString(
        folder.resolve(kind + ".pem"),
        "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
            .formatted(kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)));
  }

  /** A client that trusts nothing but the certificate. */
  public HttpClient client() throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(certificate)) {
      trusted.setCertificateEntry(
          "http", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  /** Settings of an instance that has this certificate and trusts it. */
  public Map<String, String> settings() {
    return Map.of(
        "undercurrent.http.ssl.certificate.file",
        certificate.toString(),
        "undercurrent.http.ssl.key.file",
        key.toString(),
        "undercurrent.http.ssl.trust.file",
        certificate.toString());
  }
}
