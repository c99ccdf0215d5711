package io.undercurrent.train;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import de.bwaldvogel.liblinear.Feature;
import de.bwaldvogel.liblinear.FeatureNode;
import de.bwaldvogel.liblinear.Linear;
import de.bwaldvogel.liblinear.Model;
import de.bwaldvogel.liblinear.Parameter;
import de.bwaldvogel.liblinear.Problem;
import de.bwaldvogel.liblinear.SolverType;
import io.undercurrent.bench.OnnxSessions;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Embeddings of a text by a transformer in ONNX Runtime, on one thread. */
final class Embeddings {

  private static final int MAX_TOKENS = 128;
  private static final int CLASSES = 3;
  private static final int FOLDS = 3;
  private static final double[] COSTS = {1, 10, 100};

  private final String name;
  private final boolean meanOfTokens;
  private final HuggingFaceTokenizer tokenizer;
  private final OrtSession session;

  private Embeddings(String name, String file, boolean meanOfTokens) {
    this.name = name;
    this.meanOfTokens = meanOfTokens;
    try (InputStream tokens = resource(file + "-tokenizer.json");
        InputStream onnx = resource(file + ".onnx")) {
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              tokens,
              Map.of(
                  "truncation",
                  "true",
                  "maxLength",
                  String.valueOf(MAX_TOKENS),
                  "padding",
                  "false"));
      session = OnnxSessions.onOneThread(onnx.readAllBytes());
    } catch (IOException | OrtException e) {
      throw new IllegalStateException("cannot load " + file, e);
    }
  }

  private static InputStream resource(String file) {
    return Embeddings.class.getResourceAsStream("/" + file);
  }

  /** The models on the class path. */
  static List<Embeddings> all() {
    return List.of(
        new Embeddings("bge-small-en-v1.5", "bge-small-en-v1.5", false),
        new Embeddings("bge-small-en-v1.5, int8", "bge-small-en-v1.5-q", false),
        new Embeddings("all-MiniLM-L6-v2", "all-minilm-l6-v2", true));
  }

  /** The embedding of a text, of length 1: the first token's vector, or the mean of all. */
  private double[] of(String text) {
    Encoding encoding = tokenizer.encode(text);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OnnxTensor ids = OnnxTensor.createTensor(environment, new long[][] {encoding.getIds()});
        OnnxTensor mask =
            OnnxTensor.createTensor(environment, new long[][] {encoding.getAttentionMask()});
        OnnxTensor types =
            OnnxTensor.createTensor(environment, new long[][] {encoding.getTypeIds()});
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", types))) {
      float[][] tokens = ((float[][][]) result.get(0).getValue())[0];
      int read = meanOfTokens ? tokens.length : 1;
      double[] sum = new double[tokens[0].length];
      for (int t = 0; t < read; t++) {
        for (int i = 0; i < sum.length; i++) {
          sum[i] += tokens[t][i];
        }
      }
      double norm = Math.sqrt(Arrays.stream(sum).map(v -> v * v).sum());
      return Arrays.stream(sum).map(v -> v / norm).toArray();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * With a logistic regression for each set.
   *
   * @param train labelled records by dev set
   */
  SentimentSubject trained(Map<Recipe.Source, List<Corpus.Item>> train) {
    Map<String, Classifier> bySet = new LinkedHashMap<>();
    train.forEach(
        (dev, items) -> {
          System.out.printf("%s: embedding %,d records of %s%n", name, items.size(), dev.name());
          bySet.put(dev.name(), classifier(items, dev.metric().equals("macro_recall")));
        });
    return new SentimentSubject() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Classifier classifier(String set) {
        return bySet.get(set);
      }
    };
  }

  /**
   * A logistic regression whose cost is chosen by cross-validation.
   *
   * @param balanced whether each class has the same weight, which suits macro recall
   */
  private Classifier classifier(List<Corpus.Item> items, boolean balanced) {
    Problem problem = new Problem();
    problem.l = items.size();
    problem.x = items.stream().map(item -> features(item.text())).toArray(Feature[][]::new);
    problem.y = items.stream().mapToDouble(Corpus.Item::label).toArray();
    problem.n = problem.x[0].length;
    problem.bias = -1; // none: the last feature is 1
    Parameter best = null;
    double mostRight = -1;
    for (double cost : COSTS) {
      Parameter parameter = new Parameter(SolverType.L2R_LR, cost, 0.01);
      if (balanced) {
        int[] classes = Arrays.stream(problem.y).mapToInt(y -> (int) y).distinct().toArray();
        double[] weights =
            Arrays.stream(classes)
                .mapToDouble(k -> 1.0 / Arrays.stream(problem.y).filter(y -> y == k).count())
                .map(w -> w * problem.l / classes.length)
                .toArray();
        parameter.setWeights(weights, classes);
      }
      double[] predicted = new double[problem.l];
      Linear.crossValidation(problem, parameter, FOLDS, predicted);
      double right = 0;
      for (int i = 0; i < problem.l; i++) {
        right += predicted[i] == problem.y[i] ? weight(parameter, predicted[i]) : 0;
      }
      if (right > mostRight) {
        mostRight = right;
        best = parameter;
      }
    }
    Model model = Linear.train(problem, best);
    return turns -> {
      double[] found = new double[model.getNrClass()];
      Linear.predictProbability(model, features(turns.get(turns.size() - 1)), found);
      double[] scores = new double[CLASSES];
      for (int k = 0; k < found.length; k++) {
        scores[model.getLabels()[k]] = found[k];
      }
      return scores;
    };
  }

  private static double weight(Parameter parameter, double label) {
    for (int k = 0; k < parameter.getNumWeights(); k++) {
      if (parameter.getWeightLabels()[k] == label) {
        return parameter.getWeights()[k];
      }
    }
    return 1;
  }

  private Feature[] features(String text) {
    double[] embedding = of(text);
    Feature[] features = new Feature[embedding.length + 1];
    for (int i = 0; i < embedding.length; i++) {
      features[i] = new FeatureNode(i + 1, embedding[i]);
    }
    features[embedding.length] = new FeatureNode(features.length, 1);
    return features;
  }
}
