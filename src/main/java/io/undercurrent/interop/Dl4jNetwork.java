package io.undercurrent.interop;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.model.Labels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads networks of DL4J from the zip file that {@code ModelSerializer.writeModel} makes of a
 * {@code MultiLayerNetwork}. DL4J itself is not needed. The layers are an optional {@code
 * EmbeddingSequenceLayer}, then {@code LSTM}s (without peepholes) or {@code SimpleRnn}s of one
 * size, then an {@code RnnOutputLayer} with softmax. Any other setting that changes an output is
 * refused.
 *
 * <p>DL4J keeps all parameters in one vector, layer by layer, each matrix in column-major order:
 *
 * <pre>
 *   EmbeddingSequenceLayer  W (V, E) [, b (E)]
 *   LSTM                    W (in, 4H), RW (H, 4H), b (4H); columns g, f, o, i of our gates i, f, g, o
 *   SimpleRnn               W (in, H), RW (H, H), b (H)
 *   RnnOutputLayer          W (H, out) [, b (out)]
 * </pre>
 *
 * <p>(Source: DL4J 1.0.0-M2.1, {@code LSTMHelpers}, whose first block of columns has the layer's
 * own activation and whose last is the input gate; {@code LSTMParamInitializer}; {@code
 * SimpleRnnParamInitializer}.) A matrix (in, out) in column-major order is a matrix (out, in) in
 * our row-major order.
 *
 * <p>If the first layer is not an embedding, it reads one-hot vectors, so each token selects a
 * column of its weights. Our networks always have an embedding. There are two exact ways to add
 * one: an identity of size V as the embedding, with the weights unchanged; or the weights as the
 * embedding, with an identity of size G * H as the layer's weights. The smaller one is taken.
 */
public final class Dl4jNetwork {

  private static final String CONFIGURATION = "configuration.json";
  private static final String COEFFICIENTS = "coefficients.bin";
  private static final int MAX_JSON_BYTES = 16 << 20;

  private static final String LAYERS = "org.deeplearning4j.nn.conf.layers.";
  private static final String EMBEDDING = LAYERS + "EmbeddingSequenceLayer";
  private static final String LSTM = LAYERS + "LSTM";
  private static final String SIMPLE_RNN = LAYERS + "recurrent.SimpleRnn";
  private static final String OUTPUT = LAYERS + "RnnOutputLayer";
  private static final String ACTIVATIONS = "org.nd4j.linalg.activations.impl.";

  /** The index of DL4J's block of columns for each of our gates i, f, g, o. */
  private static final int[] LSTM_BLOCKS = {3, 1, 0, 2};

  private static final int[] RNN_BLOCKS = {0};

  /** Keys of a layer that do not change its outputs: names, initial values and training. */
  private static final Set<String> IGNORED =
      Set.of(
          "@class",
          "biasInit",
          "biasUpdater",
          "constraints",
          "gainInit",
          "gradientNormalization",
          "gradientNormalizationThreshold",
          "idropout",
          "iupdater",
          "layerName",
          "regularization",
          "regularizationBias",
          "weightInitFn",
          "weightNoise");

  /**
   * The other keys of each layer. They are checked below, or do not matter for one token at a time.
   */
  private static final Map<String, Set<String>> KEYS =
      Map.of(
          EMBEDDING,
          Set.of(
              "activationFn",
              "hasBias",
              "inferInputLength",
              "inputLength",
              "nin",
              "nout",
              "outputFormat",
              "timeDistributedFormat"),
          LSTM,
          Set.of(
              "activationFn",
              "forgetGateBiasInit",
              "gateActivationFn",
              "helperAllowFallback",
              "nin",
              "nout",
              "rnnDataFormat",
              "timeDistributedFormat",
              "weightInitFnRecurrent"),
          SIMPLE_RNN,
          Set.of(
              "activationFn",
              "hasLayerNorm",
              "nin",
              "nout",
              "rnnDataFormat",
              "timeDistributedFormat",
              "weightInitFnRecurrent"),
          OUTPUT,
          Set.of(
              "activationFn",
              "hasBias",
              "lossFn",
              "nin",
              "nout",
              "rnnDataFormat",
              "timeDistributedFormat"));

  /**
   * One layer of the configuration, after the checks.
   *
   * @param where file, layer and class, for error messages
   */
  private record Layer(String where, String type, int in, int out, boolean bias) {

    /** The index of DL4J's block of columns for each of our gates. */
    int[] blocks() {
      return type.equals(LSTM) ? LSTM_BLOCKS : RNN_BLOCKS;
    }

    boolean recurrent() {
      return type.equals(LSTM) || type.equals(SIMPLE_RNN);
    }

    /** The number of its values in DL4J's vector. */
    long size() {
      long gates = recurrent() ? blocks().length : 1;
      return gates * out * ((long) in + (recurrent() ? out : 0) + (bias ? 1 : 0));
    }
  }

  private final Path file;
  private final List<Layer> layers; // embedding if any, recurrent ones, output

  private Dl4jNetwork(Path file, List<Layer> layers) {
    this.file = file;
    this.layers = layers;
  }

  /**
   * Reads a network.
   *
   * @param file the zip file
   * @param name the model's name
   * @param head the head that the output layer becomes
   * @throws ImportException if our networks cannot compute the same outputs, or the file is damaged
   * @throws IOException if the file cannot be read
   */
  public static ImportedNetwork read(Path file, String name, Head head) throws IOException {
    try (ZipEntries zip = new ZipEntries(file)) {
      String where = file + ": " + CONFIGURATION;
      JsonNode json = json(where, zip.read(CONFIGURATION, MAX_JSON_BYTES));
      for (String entry : List.of("normalizer.bin", "preprocessor.bin")) {
        require(
            !zip.names().contains(entry),
            file + ": " + entry,
            "be absent, because inputs are tokens and cannot be normalised",
            "one");
      }
      Dl4jNetwork network = new Dl4jNetwork(file, layers(where, json));
      ModelConfig config = network.config(name, head);
      int size = network.size();
      int limit = // bounds the memory by the sizes that were checked, not by those the file claims
          Math.toIntExact(
              Math.min(
                  Integer.MAX_VALUE - 16L,
                  Nd4jArrays.MAX_HEADER_BYTES + (long) size * Nd4jArrays.MAX_VALUE_BYTES));
      float[] values =
          Nd4jArrays.vector(file + ": " + COEFFICIENTS, zip.read(COEFFICIENTS, limit), size);
      Parameters parameters = ImportedNetwork.parameters(file.toString(), config);
      network.fill(parameters, config, values, head);
      return ImportedNetwork.of(
          file.getFileName().toString(),
          config,
          parameters,
          List.of(head == Head.SENTIMENT ? Head.NEXT_TOKEN : Head.SENTIMENT));
    }
  }

  private static JsonNode json(String where, byte[] bytes) {
    try {
      JsonNode json = Json.parse(bytes);
      require(json.isObject(), where, "be a JSON object", json.getNodeType());
      return json;
    } catch (MalformedJsonException e) {
      throw new ImportException(where + ": " + e.getMessage(), e);
    }
  }

  private static List<Layer> layers(String where, JsonNode json) {
    require(
        !json.has("vertices"), where, "be of a MultiLayerNetwork", "that of a ComputationGraph");
    JsonNode confs = json.path("confs");
    require(confs.isArray() && confs.size() >= 2, where, "have a list confs of layers", confs);
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < confs.size(); l++) {
      boolean last = l == confs.size() - 1;
      Layer layer = layer(where + ": layer " + l, confs.get(l).path("layer"), l == 0, last);
      if (l > 0) {
        Layer below = layers.get(l - 1);
        require(
            layer.in == below.out, layer.where, "have nIn " + below.out + ", nOut below", layer.in);
        if (below.recurrent() && layer.recurrent()) {
          require(
              layer.type.equals(below.type),
              layer.where,
              "be " + simple(below.type) + " as the layer below",
              simple(layer.type));
          require(
              layer.out == below.out,
              layer.where,
              "have nOut " + below.out + " as below",
              layer.out);
        }
      }
      layers.add(layer);
    }
    require(layers.get(layers.size() - 2).recurrent(), where, "have an LSTM or SimpleRnn", "none");
    JsonNode preProcessors = json.path("inputPreProcessors");
    preProcessors
        .properties()
        .forEach(
            entry ->
                require(
                    false,
                    where + ": layer " + entry.getKey(),
                    "have no InputPreProcessor",
                    simple(entry.getValue().path("@class").asText())));
    return layers;
  }

  private static Layer layer(String prefix, JsonNode json, boolean first, boolean last) {
    String type = json.path("@class").asText();
    String where = prefix + " (" + (type.isEmpty() ? "no @class" : simple(type)) + ")";
    require(
        KEYS.containsKey(type) && last == type.equals(OUTPUT) && (first || !type.equals(EMBEDDING)),
        where,
        last
            ? "be an RnnOutputLayer, because it is the last layer"
            : "be an LSTM or SimpleRnn" + (first ? " or EmbeddingSequenceLayer" : ""),
        type.isEmpty() ? "no @class" : type);
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      require(
          IGNORED.contains(field.getKey()) || KEYS.get(type).contains(field.getKey()),
          where,
          "have the keys that DL4J 1.0.0-M2.1 writes",
          field.getKey());
    }
    activation(
        where,
        json,
        "activationFn",
        switch (type) {
          case EMBEDDING -> "Identity";
          case OUTPUT -> "Softmax";
          default -> "TanH";
        });
    if (type.equals(LSTM)) {
      activation(where, json, "gateActivationFn", "Sigmoid");
    }
    if (type.equals(SIMPLE_RNN)) {
      require(!flag(where, json, "hasLayerNorm"), where, "have no layer normalisation", "it");
    }
    boolean bias = type.equals(LSTM) || type.equals(SIMPLE_RNN) || flag(where, json, "hasBias");
    return new Layer(where, type, size(where, json, "nin"), size(where, json, "nout"), bias);
  }

  private static void activation(String where, JsonNode json, String key, String expected) {
    String found = json.path(key).path("@class").asText();
    require(
        found.equals(ACTIVATIONS + "Activation" + expected) && json.path(key).size() == 1,
        where,
        "have " + key + " Activation" + expected,
        found.isEmpty() ? "nothing" : simple(found));
  }

  private static boolean flag(String where, JsonNode json, String key) {
    JsonNode value = json.path(key);
    require(value.isBoolean(), where, "have " + key + " true or false", described(value));
    return value.asBoolean();
  }

  private static int size(String where, JsonNode json, String key) {
    JsonNode value = json.path(key);
    require(
        value.isInt() && value.asInt() >= 1 && value.asInt() <= 1 << 20,
        where,
        "have " + key + " from 1 to " + (1 << 20),
        described(value));
    return value.asInt();
  }

  private static String described(JsonNode value) {
    return value.isMissingNode() ? "nothing" : value.toString();
  }

  private static String simple(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }

  private static void require(boolean holds, String where, String expected, Object found) {
    if (!holds) {
      throw new ImportException(where + ": must " + expected + ", found " + found);
    }
  }

  private boolean embedded() {
    return layers.get(0).type.equals(EMBEDDING);
  }

  private List<Layer> recurrent() {
    return layers.subList(embedded() ? 1 : 0, layers.size() - 1);
  }

  private Layer output() {
    return layers.get(layers.size() - 1);
  }

  private ModelConfig config(String name, Head head) {
    Layer first = recurrent().get(0);
    int vocabulary = layers.get(0).in;
    int outputs = head == Head.SENTIMENT ? Labels.SENTIMENT.size() : vocabulary;
    require(
        output().out == outputs,
        output().where,
        "have nOut "
            + outputs
            + (head == Head.SENTIMENT
                ? " for negative, neutral and positive"
                : ", the vocabulary's size, to be the next_token head"),
        output().out);
    int gateRows = first.blocks().length * first.out;
    try {
      return new ModelConfig(
          name,
          first.type.equals(LSTM) ? "lstm" : "rnn",
          vocabulary,
          embedded() ? first.in : Math.min(vocabulary, gateRows),
          first.out,
          recurrent().size(),
          Pooling.LAST);
    } catch (IllegalArgumentException e) {
      throw new ImportException(file + ": as a checkpoint, " + e.getMessage(), e);
    }
  }

  /** The number of values in DL4J's vector. */
  private int size() {
    long size = layers.stream().mapToLong(Layer::size).sum();
    require(
        size <= Integer.MAX_VALUE / Float.BYTES,
        file.toString(),
        "have at most " + Integer.MAX_VALUE / Float.BYTES + " parameters",
        size);
    return (int) size;
  }

  /** Copies DL4J's values, layer by layer, into our tensors. */
  private void fill(Parameters into, ModelConfig config, float[] values, Head head) {
    float[] p = into.values();
    int from = 0;
    int embedding = into.offset("embedding.weight"); // (V, E)
    int width = config.embeddingSize();
    if (embedded()) {
      Layer layer = layers.get(0);
      for (int v = 0; v < layer.in; v++) {
        for (int e = 0; e < width; e++) {
          p[embedding + v * width + e] =
              values[e * layer.in + v] + (layer.bias ? values[layer.in * width + e] : 0);
        }
      }
      from += (int) layer.size();
    }
    for (int l = 0; l < config.numLayers(); l++) {
      Layer layer = recurrent().get(l);
      int weightIh = into.offset("rnn.weight_ih_l" + l); // (G*H, in)
      int in = layer.in;
      int rows = config.gateRows(l);
      int block = layer.out;
      for (int gate = 0; gate < layer.blocks().length; gate++) {
        int source = layer.blocks()[gate] * block;
        int target = gate * block;
        if (l > 0 || embedded() || in <= rows) {
          System.arraycopy(values, from + source * in, p, weightIh + target * in, block * in);
        } else { // the columns that one-hot vectors select become embeddings
          for (int u = 0; u < block; u++) {
            for (int v = 0; v < in; v++) {
              p[embedding + v * rows + target + u] = values[from + (source + u) * in + v];
            }
          }
        }
        System.arraycopy(
            values,
            from + rows * in + source * block,
            p,
            into.offset("rnn.weight_hh_l" + l) + target * block,
            block * block);
        System.arraycopy(
            values,
            from + rows * (in + block) + source,
            p,
            into.offset("rnn.bias_ih_l" + l) + target,
            block);
      }
      if (l == 0 && !embedded()) {
        int identity = in <= rows ? embedding : weightIh; // (E, E)
        for (int e = 0; e < width; e++) {
          p[identity + e * width + e] = 1;
        }
      }
      from += (int) layer.size();
    }
    Layer output = output();
    int weights = output.in * output.out;
    System.arraycopy(values, from, p, into.offset(head + ".weight"), weights);
    if (output.bias) {
      System.arraycopy(values, from + weights, p, into.offset(head + ".bias"), output.out);
    }
  }
}
