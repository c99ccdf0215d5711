package io.undercurrent.train;

/**
 * How the records of a source are learnt. The loss of a record with both labels is
 *
 * <pre>
 *   (1 - a) * cross-entropy(hard label, softmax(z))
 *       + a * T^2 * cross-entropy(soft label, softmax(z / T))
 * </pre>
 *
 * <p>with the logits z, {@code a} the soft weight and T the temperature (Hinton, Vinyals and Dean
 * 2015). A record with one of the two learns that one with weight 1. Immutable.
 *
 * @param classes the classes that a hard label is compared with, one bit each; see {@link
 *     TrainingData#encode}. Soft labels are compared with all classes.
 * @param softWeight 0 to 1
 * @param nextTokens whether the next tokens of the texts are learnt too
 */
record LabelUse(long classes, float temperature, float softWeight, boolean nextTokens) {

  /** All {@link #classes}. */
  static final long ALL_CLASSES = -1;

  /** For sources without soft labels, whose labels are compared with all classes. */
  static final LabelUse HARD = new LabelUse(ALL_CLASSES, 1f, 0f, true);

  /**
   * The soft label that the network learns from a teacher's probabilities: each to the power of 1 /
   * T, normalised.
   *
   * @param probabilities by class; null for none
   */
  float[] soft(float[] probabilities) {
    if (probabilities == null || temperature == 1f) {
      return probabilities;
    }
    double[] powers = new double[probabilities.length];
    double sum = 0;
    for (int k = 0; k < powers.length; k++) {
      powers[k] = StrictMath.pow(probabilities[k], 1.0 / temperature);
      sum += powers[k];
    }
    float[] soft = new float[powers.length];
    for (int k = 0; k < soft.length; k++) {
      soft[k] = (float) (powers[k] / sum);
    }
    return soft;
  }
}
