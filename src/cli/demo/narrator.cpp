#include "cli/demo/narrator.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace vedette::cli::demo {

namespace {

using codec::Json;
using Stopwatch = std::chrono::steady_clock;

constexpr std::size_t kWhatWidth = 72;

std::chrono::milliseconds since(Stopwatch::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Stopwatch::now() - start);
}

std::string seconds_text(std::chrono::milliseconds took) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%6.2f s", static_cast<double>(took.count()) / 1000.0);
  return text.data();
}

std::string padded(const std::string& what) {
  return what + std::string(kWhatWidth - std::min(kWhatWidth, what.size()), ' ');
}

}  // namespace

void Narrator::act(const std::string& title) {
  act_ = title;
  output_.note("\n" + styled(title, "1", output_.colour()));
}

void Narrator::keep(const std::string& what, const char* outcome, std::chrono::milliseconds took,
                    Json detail) {
  Json one;
  one.set("act", act_).set("what", what).set("outcome", outcome);
  one.set("milliseconds", std::int64_t{took.count()}).set("detail", std::move(detail));
  record_.push_back(std::move(one));
}

Result<void> Narrator::deed(const std::string& what,
                            const std::function<Result<std::string>()>& deed) {
  const auto start = Stopwatch::now();
  const auto proof = deed();
  const auto took = since(start);
  const bool colour = output_.colour();
  if (!proof) {
    output_.note("  " + styled("✗", "1;31", colour) + " " + padded(what) + seconds_text(took));
    return std::unexpected(proof.error());
  }
  ++deeds_;
  keep(what, "done", took, *proof);
  output_.note("  " + styled("✓", "32", colour) + " " + padded(what) + seconds_text(took));
  if (!proof->empty()) output_.note("      " + styled(*proof, "2", colour));
  return {};
}

Result<void> Narrator::refusal(const std::string& what, const std::string& code,
                               const std::function<Result<Error>()>& attempt) {
  const auto start = Stopwatch::now();
  VEDETTE_TRY(const Error met, attempt());
  const auto took = since(start);
  if (met.code != code)
    return refuse("DEMO-OTHER-REFUSAL", "an attack was refused for another reason than expected",
                  what + ": expected " + code + ", met " + describe(met));
  ++refusals_;
  Json detail;
  detail.set("code", met.code).set("message", met.message).set("cause", met.cause);
  detail.set("hint", met.hint);
  keep(what, "refused", took, std::move(detail));
  const bool colour = output_.colour();
  output_.note("  " + styled("■", "1;31", colour) + " " + padded(what) + seconds_text(took));
  output_.note("      " + styled("refused  ", "31", colour) + met.message + "  " +
               styled("[" + met.code + "]", "1", colour));
  if (!met.cause.empty()) output_.note("      " + styled("cause    " + met.cause, "2", colour));
  if (!met.hint.empty()) output_.note("      " + styled("hint     " + met.hint, "2", colour));
  return {};
}

void Narrator::picture(const std::string& lines) {
  output_.note(styled(lines, "36", output_.colour()));
}

void Narrator::aside(const std::string& line) {
  output_.note("    " + styled(line, "2", output_.colour()));
}

}  // namespace vedette::cli::demo
