// The ablation matrix, measured, judged, and compared with the one that is published.
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "ablation.h"

namespace vedette::inference {
namespace {

using namespace testing;

const Matrix& matrix() {
  static const Matrix one = measure(ablations());
  return one;
}

const Verdict& verdict_of(std::size_t act, std::string_view column) {
  for (std::size_t i = 0; i < matrix().columns.size(); ++i)
    if (matrix().columns[i].name == column) return matrix().verdicts[i][act];
  throw std::out_of_range(std::string(column));
}

// By act, its cells in the order of the columns; from the rows of the tables.
std::map<std::string, std::vector<std::string>> rows_of(const std::string& document) {
  std::map<std::string, std::vector<std::string>> rows;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| ") || line.starts_with("| act |")) continue;
    std::vector<std::string> cells;
    std::istringstream parts(line.substr(2));
    for (std::string cell; std::getline(parts, cell, '|');)
      cells.push_back(cell);
    rows[cells.at(0)] = {cells.begin() + 1, cells.end()};
  }
  return rows;
}

std::string published() {
  const std::ifstream file(VEDETTE_MATRIX);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class AblationMatrix : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can do without a user namespace";
  }
};

// Whatever other layer is missing, and when all of them are.
TEST_F(AblationMatrix, FilterStopsEveryActByItself) {
  for (std::size_t column = 0; column < matrix().columns.size(); ++column) {
    if (!matrix().columns[column].filtered) continue;
    const bool coarse = matrix().columns[column].profile.coarse_clock != Need::off;
    for (std::size_t i = 0; i < catalogue().size(); ++i)
      if (coarse || !catalogue()[i].unfiltered) {
        EXPECT_EQ(fault_in(catalogue()[i], matrix().verdicts[column][i]), "")
            << matrix().columns[column].name;
      }
  }
}

// Where it is missing, and only there, cycles can be counted.
TEST_F(AblationMatrix, CoarseClockAloneKeepsCyclesFromBeingCounted) {
  std::size_t counted = 0;
  for (std::size_t column = 0; column < matrix().columns.size(); ++column)
    for (std::size_t i = 0; i < catalogue().size(); ++i) {
      if (!catalogue()[i].unfiltered) continue;
      const bool coarse = matrix().columns[column].profile.coarse_clock != Need::off;
      EXPECT_EQ(text_of(matrix().verdicts[column][i]), coarse ? "SIGSEGV" : "succeeds")
          << catalogue()[i].name << " " << matrix().columns[column].name;
      counted += coarse ? 0U : 1U;
    }
  EXPECT_EQ(counted == 0, machine_acts().empty());  // both are x86-64's
}

// What the catalogue claims of the second line: an act that another layer stops too, it stops.
TEST_F(AblationMatrix, OtherLayersStopWhatTheCatalogueSays) {
  for (std::size_t i = 0; i < catalogue().size(); ++i) {
    const Act& act = catalogue()[i];
    if (act.deed != nullptr || act.exempt) continue;
    const Verdict& alone = verdict_of(i, "no filter");
    EXPECT_EQ(alone.kind, act.second_line ? Verdict::Kind::refused : Verdict::Kind::succeeded)
        << act.name << ": " << text_of(alone);
  }
}

// A layer that no act misses would be there for nothing.
TEST_F(AblationMatrix, NoLayerIsThereForNothing) {
  std::set<std::string> missed;
  for (const Column& column : matrix().columns)
    for (std::size_t i = 0; !column.filtered && i < catalogue().size(); ++i)
      if (text_of(verdict_of(i, column.name)) != text_of(verdict_of(i, "no filter, no limits")))
        missed.insert(column.name);
  for (const Column& column : matrix().columns)
    if (!column.filtered && column.name != "no filter, no limits") {
      EXPECT_TRUE(missed.contains(column.name)) << column.name;
    }
}

TEST_F(AblationMatrix, IsTheOneThatIsPublished) {
  const std::string measured = document(matrix());
  if (std::getenv("VEDETTE_WRITE_MATRIX") != nullptr) {
    std::ofstream(VEDETTE_MATRIX) << measured;
    GTEST_SKIP() << "written to " << VEDETTE_MATRIX;
  }
  const std::string text = published();
  ASSERT_NE(text, "");
  const bool same_kernel = text.contains("Measured on " + kernel_of_the_matrix() + ",");
  if (!same_kernel) std::puts("another kernel: the columns without a filter are not compared");
  const auto then = rows_of(text);
  const auto now = rows_of(measured);
  EXPECT_EQ(then.size(), now.size());
  for (const auto& [act, cells] : now) {
    ASSERT_TRUE(then.contains(act)) << act;
    for (std::size_t i = 0; i < matrix().columns.size(); ++i)
      if (same_kernel || matrix().columns[i].filtered) {
        EXPECT_EQ(then.at(act).at(i), cells.at(i)) << act << ", " << matrix().columns[i].name;
      }
  }
}

}  // namespace
}  // namespace vedette::inference
