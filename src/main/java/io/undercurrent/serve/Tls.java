package io.undercurrent.serve;

import io.undercurrent.config.SettingsException;
import io.undercurrent.config.UndercurrentConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Reads the certificate, the key and the trusted authorities of HTTP from PEM files. */
final class Tls {

  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");

  /** Kinds of keys, each with a signature that proves that key and certificate belong together. */
  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

  private Tls() {}

  /**
   * @return null without a certificate: HTTP is not encrypted then
   * @throws SettingsException if a file is missing or cannot be used
   */
  static SSLContext of(UndercurrentConfig config) {
    String certificateFile = config.httpSslCertificateFile();
    String keyFile = config.httpSslKeyFile();
    String trustFile = config.httpSslTrustFile();
    if (certificateFile.isEmpty() != keyFile.isEmpty()
        || certificateFile.isEmpty() && !trustFile.isEmpty()) {
      throw new SettingsException(
          "%s and %s must be set both or neither; %s needs both"
              .formatted(
                  UndercurrentConfig.HTTP_SSL_CERTIFICATE_FILE,
                  UndercurrentConfig.HTTP_SSL_KEY_FILE,
                  UndercurrentConfig.HTTP_SSL_TRUST_FILE));
    }
    if (certificateFile.isEmpty()) {
      return null;
    }
    List<Certificate> chain =
        certificates(UndercurrentConfig.HTTP_SSL_CERTIFICATE_FILE, certificateFile);
    PublicKey certified = chain.get(0).getPublicKey();
    if (!SIGNATURES.containsKey(certified.getAlgorithm())) {
      throw new SettingsException(
          "the first certificate of %s %s must have a key of kind RSA, EC or Ed25519, found %s"
              .formatted(
                  UndercurrentConfig.HTTP_SSL_CERTIFICATE_FILE,
                  certificateFile,
                  certified.getAlgorithm()));
    }
    PrivateKey key = key(UndercurrentConfig.HTTP_SSL_KEY_FILE, keyFile, certified.getAlgorithm());
    try {
      if (!belongTogether(key, certified)) {
        throw new SettingsException(
            "%s %s must be the key of the first certificate in %s, found the key of another certificate"
                .formatted(UndercurrentConfig.HTTP_SSL_KEY_FILE, keyFile, certificateFile));
      }
      return context(
          chain,
          key,
          trustFile.isEmpty()
              ? null // those that the JVM trusts
              : certificates(UndercurrentConfig.HTTP_SSL_TRUST_FILE, trustFile));
    } catch (GeneralSecurityException | IOException e) {
      throw new SettingsException(
          "%s %s cannot be used: %s"
              .formatted(UndercurrentConfig.HTTP_SSL_CERTIFICATE_FILE, certificateFile, e));
    }
  }

  private static SSLContext context(
      List<Certificate> chain, PrivateKey key, List<Certificate> trusted)
      throws GeneralSecurityException, IOException {
    char[] password = new char[0]; // of a store in memory
    KeyStore own = emptyStore();
    own.setKeyEntry("http", key, password, chain.toArray(Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, password);
    KeyStore others = null;
    if (trusted != null) {
      others = emptyStore();
      for (int i = 0; i < trusted.size(); i++) {
        others.setCertificateEntry("trusted-" + i, trusted.get(i));
      }
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(others);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static List<Certificate> certificates(String setting, String file) {
    String reason = "none";
    try {
      List<Certificate> found =
          List.copyOf(
              CertificateFactory.getInstance("X.509")
                  .generateCertificates(new ByteArrayInputStream(read(setting, file))));
      if (!found.isEmpty()) {
        return found;
      }
    } catch (GeneralSecurityException e) {
      reason = "what cannot be read: " + e.getMessage();
    }
    throw new SettingsException(
        "%s %s must contain certificates in PEM and nothing else, found %s"
            .formatted(setting, file, reason));
  }

  private static PrivateKey key(String setting, String file, String kind) {
    String pem = new String(read(setting, file), StandardCharsets.ISO_8859_1);
    Matcher found = PRIVATE_KEY.matcher(pem);
    String reason = "none";
    if (found.find()) {
      try {
        byte[] encoded = Base64.getMimeDecoder().decode(found.group(1));
        return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        reason = "one that cannot be read: " + e.getMessage();
      }
    }
    throw new SettingsException(
        "%s %s must contain the certificate's private key, of kind %s, in PEM (PKCS#8, without a password), found %s. Convert a key of another form with: openssl pkcs8 -topk8 -nocrypt -in KEY"
            .formatted(setting, file, kind, reason));
  }

  private static boolean belongTogether(PrivateKey key, PublicKey certified)
      throws GeneralSecurityException {
    if (!key.getAlgorithm().equals(certified.getAlgorithm())) {
      return false;
    }
    byte[] message = {1};
    Signature signature = Signature.getInstance(SIGNATURES.get(key.getAlgorithm()));
    signature.initSign(key);
    signature.update(message);
    byte[] signed = signature.sign();
    signature.initVerify(certified);
    signature.update(message);
    return signature.verify(signed);
  }

  private static byte[] read(String setting, String file) {
    try {
      return Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw new SettingsException(
          "%s must be a file that can be read, found %s".formatted(setting, e));
    }
  }
}
