#include "report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace vedette::bench {

namespace {

constexpr int kName = 46;
constexpr int kFigure = 11;

std::ostream& put_name(std::ostream& to, const std::string& name) {
  return to << "  " << std::left << std::setw(kName) << name << std::right;
}

}  // namespace

double Samples::at(double share) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  const auto index = static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(sorted, sorted.begin() + index);
  return sorted[static_cast<std::size_t>(index)];
}

void Report::section(std::string title, std::string unit) {
  sections_.push_back({std::move(title), std::move(unit), {}, {}});
}

void Report::line(std::string name, const Samples& samples) {
  sections_.back().lines.push_back(
      {std::move(name), samples.median(), samples.at(0.99), samples.size(), {}, {}});
}

void Report::figure(std::string name, double value) {
  sections_.back().lines.push_back({std::move(name), value, value, 1, {}, {}});
}

void Report::skipped(std::string name, std::string reason) {
  sections_.back().lines.push_back({std::move(name), 0, 0, 0, std::move(reason), {}});
}

void Report::curve(std::string name, std::vector<double> values) {
  sections_.back().lines.push_back({std::move(name), 0, 0, 0, {}, std::move(values)});
}

void Report::bar(std::string name, double value, Side side, double limit, std::string unit) {
  sections_.back().bars.push_back({std::move(name), value, side, limit, std::move(unit)});
}

void Report::put(std::ostream& to, const Line& line) {
  put_name(to, line.name);
  if (!line.skipped.empty()) {
    to << " not measured: " << line.skipped << '\n';
    return;
  }
  if (!line.curve.empty()) {
    put_curve(to, line);
    return;
  }
  to << std::setw(kFigure) << line.p50;
  if (line.count > 1) to << std::setw(kFigure) << line.p99 << "   n=" << line.count;
  to << '\n';
}

void Report::put(std::ostream& to, const Bar& bar) {
  put_name(to, bar.name) << std::setw(kFigure) << bar.value << ' ' << bar.unit
                         << (bar.side == Side::at_most ? " <= " : " >= ") << bar.limit
                         << (bar.met() ? ": met" : ": MISSED") << '\n';
}

// At most so many columns, each the mean of its steps, in blocks of an eighth of the highest.
void Report::put_curve(std::ostream& to, const Line& line) {
  constexpr std::size_t kColumns = 80;
  constexpr std::array<std::string_view, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t steps = (line.curve.size() + kColumns - 1) / kColumns;
  std::vector<double> columns;
  for (std::size_t first = 0; first < line.curve.size(); first += steps) {
    const std::size_t end = std::min(first + steps, line.curve.size());
    double sum = 0;
    for (std::size_t i = first; i < end; ++i)
      sum += line.curve[i];
    columns.push_back(sum / static_cast<double>(end - first));
  }
  const double highest = *std::ranges::max_element(columns);
  to << "up to " << highest << ", a column is " << steps << "\n    ";
  for (const double column : columns)
    to << kBlocks.at(highest > 0 ? static_cast<std::size_t>(std::ceil(column / highest * 8)) : 0);
  to << '\n';
}

std::string Report::text() const {
  std::ostringstream to;
  to << std::fixed << std::setprecision(2);
  for (const Section& section : sections_) {
    to << std::left << std::setw(kName + 2) << section.title << std::right << std::setw(kFigure)
       << "p50" << std::setw(kFigure) << "p99" << "   " << section.unit << '\n';
    for (const Line& line : section.lines)
      put(to, line);
    for (const Bar& bar : section.bars)
      put(to, bar);
    to << '\n';
  }
  return to.str();
}

codec::Json Report::json_of(const Section& section) {
  codec::Json::Array lines;
  for (const Line& line : section.lines) {
    codec::Json one;
    one.set("name", line.name);
    if (!line.curve.empty()) {
      one.set("curve", codec::Json::Array(line.curve.begin(), line.curve.end()));
    } else if (line.skipped.empty()) {
      one.set("p50", line.p50).set("p99", line.p99).set("n", std::uint64_t{line.count});
    } else {
      one.set("not_measured", line.skipped);
    }
    lines.push_back(std::move(one));
  }
  codec::Json::Array bars;
  for (const Bar& bar : section.bars) {
    codec::Json one;
    one.set("name", bar.name).set("value", bar.value).set("unit", bar.unit);
    one.set(bar.side == Side::at_most ? "at_most" : "at_least", bar.limit).set("met", bar.met());
    bars.push_back(std::move(one));
  }
  codec::Json json;
  json.set("title", section.title).set("unit", section.unit);
  json.set("lines", std::move(lines)).set("bars", std::move(bars));
  return json;
}

codec::Json Report::json() const {
  codec::Json::Array sections;
  for (const Section& section : sections_)
    sections.push_back(json_of(section));
  return sections;
}

}  // namespace vedette::bench
