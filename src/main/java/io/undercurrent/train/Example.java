package io.undercurrent.train;

/**
 * One record to learn from. There are millions in memory, so what all records of a source have in
 * common is in one object: {@link LabelUse}.
 *
 * @param tokens ids, without the end-of-record token
 * @param label index of its class, or {@link Chunk#UNLABELLED}
 * @param weight factor of its loss
 * @param soft probability of each class, or null for none; see {@link LabelUse#soft}
 */
record Example(int[] tokens, byte label, float weight, float[] soft, LabelUse use) {

  Example(int[] tokens, byte label) {
    this(tokens, label, 1f, null, LabelUse.HARD);
  }
}
