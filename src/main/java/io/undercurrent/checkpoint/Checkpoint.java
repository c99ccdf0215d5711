package io.undercurrent.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.Fingerprint;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The content of a checkpoint folder: configuration, tokenizer and parameters, read and checked.
 *
 * @param fingerprint see {@link Fingerprint}
 */
public record Checkpoint(
    ModelConfig config, Tokenizer tokenizer, Parameters parameters, String fingerprint) {

  /** The name of the model that ships with the project. */
  public static final String DEFAULT = "classpath:en-chat";

  private static final String CLASSPATH = "classpath:";
  private static final String CONFIG = "config.json";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String TENSORS = "model.safetensors";

  /** The maximum length of an array on every JVM. */
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private static final Set<String> KEYS =
      Set.of(
          "name",
          "kind",
          "vocab_size",
          "embedding_size",
          "hidden_size",
          "num_layers",
          "window",
          "pooling",
          "labels",
          "valences",
          "next_token",
          "tie_weights",
          "attention",
          "cache",
          "sentiment",
          "tokenizer");

  /**
   * Loads a model and its reference for drift.
   *
   * @param location a folder, or {@code classpath:NAME} for one that ships in a jar
   * @throws CheckpointException if a file is missing or its content is not valid
   */
  public static Model load(String location) {
    Checkpoint read = read(location);
    return read.model().withReference(read.reference(location));
  }

  /** The reference for drift; null if the folder has none for this model. */
  private DriftReference reference(String location) {
    return has(location, ReferenceJson.FILE)
        ? ReferenceJson.read(
            location + "/" + ReferenceJson.FILE,
            bytes(location, ReferenceJson.FILE),
            fingerprint,
            config.labels())
        : null;
  }

  private static boolean has(String location, String name) {
    return location.startsWith(CLASSPATH)
        ? Checkpoint.class.getResource(resource(location, name)) != null
        : Files.isRegularFile(Path.of(location, name));
  }

  private static String resource(String location, String name) {
    return "/models/" + location.substring(CLASSPATH.length()) + "/" + name;
  }

  /** Reads and checks a checkpoint; see {@link #load}. */
  public static Checkpoint read(String location) {
    ModelConfig config = readConfig(location);
    byte[] tokenizerBytes = bytes(location, TOKENIZER);
    Tokenizer tokenizer;
    try {
      tokenizer = Tokenizer.read(tokenizerBytes);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(location + "/" + e.getMessage(), e);
    }
    if (tokenizer.size() != config.vocabSize()) {
      throw new CheckpointException(
          location
              + "/"
              + TOKENIZER
              + ": must have vocab_size "
              + config.vocabSize()
              + " tokens as config.json says, found "
              + tokenizer.size());
    }
    byte[] tensorBytes = bytes(location, TENSORS);
    Parameters parameters =
        Safetensors.read(location + "/" + TENSORS, tensorBytes, config.tensors());
    return new Checkpoint(
        config, tokenizer, parameters, Fingerprint.of(config, tokenizer, parameters));
  }

  /**
   * Reads and checks the {@code config.json} of a folder alone.
   *
   * @throws CheckpointException if it is missing or not valid
   */
  public static ModelConfig readConfig(Path folder) {
    return readConfig(folder.toString());
  }

  /** The same for a location as in {@link #load}. */
  public static ModelConfig readConfig(String location) {
    return config(location + "/" + CONFIG, bytes(location, CONFIG));
  }

  /** The model, with its weights packed for this machine and without a reference for drift. */
  public Model model() {
    return new Model(
        config, tokenizer, new Network(config, parameters, Kernels.best()), fingerprint);
  }

  /**
   * Writes a checkpoint folder. Each file is replaced in one step, and no file is replaced before
   * all are written.
   *
   * @param half whether tensors are written in half precision
   * @throws CheckpointException if a value is not finite in that precision; then nothing is written
   */
  public static void write(
      Path folder, ModelConfig config, Tokenizer tokenizer, Parameters parameters, boolean half)
      throws IOException {
    Safetensors.Dtype dtype = half ? Safetensors.Dtype.F16 : Safetensors.Dtype.F32;
    byte[] tensors = Safetensors.write(parameters, dtype);
    Files.createDirectories(folder);
    AtomicFile.replaceAll(
        Map.of(
            folder.resolve(CONFIG),
            configJson(config),
            folder.resolve(TOKENIZER),
            tokenizer.toJson(),
            folder.resolve(TENSORS),
            tensors));
  }

  /**
   * Writes {@code reference.json}: what drift of this model's records is measured against.
   *
   * @param folder that exists; an older file is replaced
   * @param sentiment shares of the labels among the records, in label order
   */
  public static void writeReference(
      Path folder, Model model, double[] sentiment, DriftReference reference) throws IOException {
    AtomicFile.replace(
        folder.resolve(ReferenceJson.FILE),
        ReferenceJson.write(model, sentiment, reference).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a block of parameters as a safetensors file in full precision, for the states of a
   * training run.
   */
  public static void writeTensors(Path file, Parameters parameters) throws IOException {
    AtomicFile.replace(file, Safetensors.write(parameters, Safetensors.Dtype.F32));
  }

  /**
   * Reads a file that {@link #writeTensors} wrote.
   *
   * @throws CheckpointException if its tensors are not those of {@code into}
   */
  public static void readTensors(Path file, Parameters into) throws IOException {
    Parameters read = Safetensors.read(file.toString(), Files.readAllBytes(file), into.tensors());
    System.arraycopy(read.values(), 0, into.values(), 0, read.values().length);
  }

  private static byte[] configJson(ModelConfig config) {
    ObjectNode json = Json.STRICT.createObjectNode();
    json.put("name", config.name());
    json.put("kind", config.kind().toString());
    json.put("vocab_size", config.vocabSize());
    json.put("embedding_size", config.embeddingSize());
    json.put("hidden_size", config.hiddenSize());
    json.put("num_layers", config.numLayers());
    if (!config.kind().recurrent()) {
      json.put("window", config.window());
    }
    json.put("pooling", config.pooling().name().toLowerCase(Locale.ROOT));
    ArrayNode labels = json.putArray("labels");
    config.labels().names().forEach(labels::add);
    if (!config.labels().equals(Labels.of(config.labels().names(), null))) {
      ArrayNode valences = json.putArray("valences");
      config.labels().valences().forEach(valences::add);
    }
    NextToken nextToken = config.nextToken();
    if (nextToken.clusters() > 0) {
      ObjectNode head = json.putObject("next_token");
      ArrayNode cutoffs = head.putArray("cutoffs");
      nextToken.cutoffs().forEach(cutoffs::add);
      head.put("div_value", nextToken.divValue());
    }
    if (nextToken.tied()) {
      json.put("tie_weights", true);
    }
    if (config.attention().on()) {
      json.putObject("attention")
          .put("records", config.attention().records())
          .put("size", config.attention().size());
    }
    if (config.cache().on()) {
      json.putObject("cache")
          .put("tokens", config.cache().tokens())
          .put("theta", config.cache().theta())
          .put("lambda", config.cache().lambda());
    }
    if (config.temperature() != 1) {
      json.putObject("sentiment").put("temperature", config.temperature());
    }
    json.put("tokenizer", TOKENIZER);
    return (json.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static ModelConfig config(String file, byte[] bytes) {
    JsonNode json;
    try {
      json = Json.parse(bytes);
    } catch (MalformedJsonException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    }
    if (!json.isObject()) {
      throw new CheckpointException(file + ": must be a JSON object, found " + Json.found(json));
    }
    for (var field : json.properties()) {
      if (!KEYS.contains(field.getKey())) {
        throw new CheckpointException(
            file
                + ": keys must be of "
                + KEYS.stream().sorted().toList()
                + ", found "
                + field.getKey());
      }
    }
    String tokenizer = string(file, json, "tokenizer");
    if (!tokenizer.equals(TOKENIZER)) {
      throw new CheckpointException(
          file + ": tokenizer must be " + TOKENIZER + ", found " + tokenizer);
    }
    String pooling = string(file, json, "pooling");
    if (!pooling.equals("concat") && !pooling.equals("last")) {
      throw new CheckpointException(file + ": pooling must be concat or last, found " + pooling);
    }
    try {
      return new ModelConfig(
          string(file, json, "name"),
          CellType.of(string(file, json, "kind")),
          integer(file, json, "vocab_size"),
          integer(file, json, "embedding_size"),
          integer(file, json, "hidden_size"),
          integer(file, json, "num_layers"),
          json.has("window") ? integer(file, json, "window") : 1,
          Pooling.valueOf(pooling.toUpperCase(Locale.ROOT)),
          nextToken(file, json),
          attention(file, json),
          cache(file, json),
          temperature(file, json),
          Labels.of(strings(file, json, "labels"), valences(file, json)));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads {@code next_token}, an object of cutoffs and div_value, and {@code tie_weights}; both may
   * be missing.
   */
  private static NextToken nextToken(String file, JsonNode json) {
    JsonNode tied = json.path("tie_weights");
    if (!tied.isMissingNode() && !tied.isBoolean()) {
      throw new CheckpointException(
          file + ": tie_weights must be true or false, found " + Json.found(tied));
    }
    JsonNode head = object(file, json, "next_token", "cutoffs", "div_value");
    if (head.isMissingNode()) {
      return new NextToken(List.of(), NextToken.FULL.divValue(), tied.asBoolean());
    }
    JsonNode values = head.path("cutoffs");
    List<Integer> cutoffs = new ArrayList<>();
    values.forEach(value -> cutoffs.add(value.isInt() ? value.asInt() : null));
    if (!values.isArray() || cutoffs.contains(null)) {
      throw new CheckpointException(
          file + ": next_token.cutoffs must be a list of integers, found " + Json.found(values));
    }
    return new NextToken(cutoffs, integer(file, head, "div_value"), tied.asBoolean());
  }

  /** Reads {@code attention}, an object of records and size; it may be missing. */
  private static Attention attention(String file, JsonNode json) {
    JsonNode attention = object(file, json, "attention", "records", "size");
    return attention.isMissingNode()
        ? Attention.NONE
        : new Attention(integer(file, attention, "records"), integer(file, attention, "size"));
  }

  /** Reads {@code cache}, an object of tokens, theta and lambda; it may be missing. */
  private static Cache cache(String file, JsonNode json) {
    JsonNode cache = object(file, json, "cache", "tokens", "theta", "lambda");
    return cache.isMissingNode()
        ? Cache.NONE
        : new Cache(
            integer(file, cache, "tokens"),
            number(file, cache, "theta"),
            number(file, cache, "lambda"));
  }

  /** Reads {@code sentiment}, an object of temperature; it may be missing. */
  private static float temperature(String file, JsonNode json) {
    JsonNode sentiment = object(file, json, "sentiment", "temperature");
    return sentiment.isMissingNode() ? 1f : number(file, sentiment, "temperature");
  }

  /** Reads {@code valences}, a list of numbers; null if it is missing. */
  private static List<Float> valences(String file, JsonNode json) {
    JsonNode values = json.path("valences");
    if (values.isMissingNode()) {
      return null;
    }
    List<Float> valences = new ArrayList<>();
    values.forEach(value -> valences.add(value.isNumber() ? value.floatValue() : null));
    if (!values.isArray() || valences.contains(null)) {
      throw new CheckpointException(
          file + ": valences must be a list of numbers, found " + Json.found(values));
    }
    return valences;
  }

  /** Reads an object of these keys and no others; it may be missing. */
  private static JsonNode object(String file, JsonNode json, String key, String... keys) {
    JsonNode value = json.path(key);
    List<String> found = new ArrayList<>();
    value.fieldNames().forEachRemaining(found::add);
    if (!value.isMissingNode() && (!value.isObject() || !List.of(keys).containsAll(found))) {
      String last = keys[keys.length - 1];
      String others = String.join(", ", List.of(keys).subList(0, keys.length - 1));
      throw new CheckpointException(
          file
              + ": %s must be an object of %s, found "
                  .formatted(key, others.isEmpty() ? last : others + " and " + last)
              + Json.found(value));
    }
    return value;
  }

  private static float number(String file, JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isNumber()) {
      throw new CheckpointException(
          file + ": " + key + " must be a number, found " + Json.found(value));
    }
    return value.floatValue();
  }

  private static String string(String file, JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isTextual()) {
      throw new CheckpointException(
          file + ": " + key + " must be a string, found " + Json.found(value));
    }
    return value.asText();
  }

  private static List<String> strings(String file, JsonNode json, String key) {
    JsonNode values = json.path(key);
    List<String> strings = new ArrayList<>();
    values.forEach(value -> strings.add(value.isTextual() ? value.asText() : null));
    if (!values.isArray() || strings.contains(null)) {
      throw new CheckpointException(
          file + ": " + key + " must be a list of strings, found " + Json.found(values));
    }
    return strings;
  }

  private static int integer(String file, JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isInt()) {
      throw new CheckpointException(
          file + ": " + key + " must be an integer, found " + Json.found(value));
    }
    return value.asInt();
  }

  private static byte[] bytes(String location, String name) {
    try {
      if (location.startsWith(CLASSPATH)) {
        String resource = resource(location, name);
        try (InputStream in = Checkpoint.class.getResourceAsStream(resource)) {
          if (in == null) {
            throw new CheckpointException(
                location + ": must be a model on the class path, found no " + resource);
          }
          return in.readAllBytes();
        }
      }
      Path file = Path.of(location, name);
      if (!Files.isRegularFile(file)) {
        throw new CheckpointException(
            location + ": must be a checkpoint folder with " + name + ", found no such file");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new CheckpointException(
            file + ": must have at most " + MAX_BYTES + " bytes, found " + Files.size(file));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CheckpointException(location + "/" + name + ": cannot be read: " + e, e);
    }
  }
}
