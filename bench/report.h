// What a run of a benchmark found: figures side by side, and the bars that they are held against.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

#include "codec/json.h"

namespace vedette::bench {

// Durations, or other values of one kind.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  void add_microseconds(std::chrono::nanoseconds time) {
    add(static_cast<double>(time.count()) / 1000.0);
  }
  void add_milliseconds(std::chrono::nanoseconds time) {
    add(static_cast<double>(time.count()) / 1e6);
  }

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  // The smallest value that `share` (0 to 1) of all do not exceed; 0 when there is none.
  [[nodiscard]] double at(double share) const;
  [[nodiscard]] double median() const { return at(0.5); }

 private:
  std::vector<double> values_;
};

class Report {
 public:
  // Starts a section; lines and bars that follow belong to it.
  void section(std::string title, std::string unit);
  void line(std::string name, const Samples& samples);
  // A single figure; `unit` when it is not the section's.
  void figure(std::string name, double value);
  // Something over time, in equal steps: drawn as text, its values told to programs.
  void curve(std::string name, std::vector<double> values);
  // What was not measured, and why.
  void skipped(std::string name, std::string reason);

  enum class Side { at_most, at_least };
  void bar(std::string name, double value, Side side, double limit, std::string unit);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] codec::Json json() const;

 private:
  struct Line {
    std::string name;
    double p50 = 0;
    double p99 = 0;
    std::size_t count = 0;  // 1: a single figure
    std::string skipped;    // why, when it was
    std::vector<double> curve;
  };
  struct Bar {
    std::string name;
    double value = 0;
    Side side = Side::at_most;
    double limit = 0;
    std::string unit;

    [[nodiscard]] bool met() const {
      return side == Side::at_most ? value <= limit : value >= limit;
    }
  };
  struct Section {
    std::string title;
    std::string unit;
    std::vector<Line> lines;
    std::vector<Bar> bars;
  };

  static void put(std::ostream& to, const Line& line);
  static void put_curve(std::ostream& to, const Line& line);
  static void put(std::ostream& to, const Bar& bar);
  static codec::Json json_of(const Section& section);

  std::vector<Section> sections_;
};

}  // namespace vedette::bench
