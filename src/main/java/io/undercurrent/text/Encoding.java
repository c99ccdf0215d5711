package io.undercurrent.text;

public record Encoding(int[] ids, int unknown, int end, boolean truncated) {}
