// The ablation matrix: every act against cages from which layers have been removed.
#pragma once

#include <string>
#include <vector>

#include "inference/policy/profile.h"

#include "trial.h"

namespace vedette::testing {

struct Column {
  std::string name;
  inference::Profile profile;
  bool needs_broker = false;  // the namespaces are made by a zygote that kept root's powers
  bool filtered = true;       // else what it shows depends on the kernel
};

// The full cage first, then cages without single layers, then without the filter.
[[nodiscard]] std::vector<Column> ablations();

struct Matrix {
  std::vector<Column> columns;
  std::vector<std::vector<Verdict>> verdicts;  // by column, then by act of the catalogue
};

// Commits every act in every column. Takes root.
[[nodiscard]] Matrix measure(const std::vector<Column>& columns);

// `Linux 6.18, Landlock ABI 7, x86-64`: what the columns without a filter depend on.
[[nodiscard]] std::string kernel_of_the_matrix();
// As Markdown. Its rows are what a test compares.
[[nodiscard]] std::string document(const Matrix& matrix);

}  // namespace vedette::testing
