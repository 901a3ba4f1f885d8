// Day: a day in the life of a fleet and of the verifier that judges it.
//
// The verifier is the server as it is, a program of its own: routes, authorisation, challenges,
// appraisal, SQLite with its group commit, the Merkle log and tokens. Only TLS is missing
// (plain_wire.h). In the middle of the day it is killed and started again.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "audit.h"
#include "fleet.h"

namespace vedette::bench {

struct DaySettings {
  FleetSettings fleet;
  std::chrono::seconds interval{3600};  // between the attestations of one device
  std::chrono::hours length{24};
  unsigned connections = 4;  // that the devices share
  unsigned handlers = 0;     // threads of each listener; 0: as many as the server has
  std::string folder;        // for the verifier's state; exists
  std::string program;       // attestation_day_verifier
  std::function<void(const std::string&)> tell = [](const std::string&) {};
};

// A stretch of the day in which the mix of attestations was one.
struct Stretch {
  double verifier_seconds = 0;  // of processor, without what stood in for TLS
  std::uint64_t boots = 0;      // evidence with the logs of a whole boot
  std::uint64_t others = 0;
};

struct DayFigures {
  Discrepancies discrepancies;
  Stretch morning;  // every device comes for the first time
  Stretch rest;
  LogFigures log;
  std::uint64_t turned_away = 0;  // revoked devices, at the gate
  std::uint64_t silent_found = 0;
  std::map<Lie, std::uint64_t> lies_refused;  // each as it must be
  std::uint64_t waited_for_restart = 0;       // devices that the killed verifier left waiting
  std::uint64_t in_the_dark = 0;              // of those, whose evidence was under way
  std::uint64_t trusted_after_restart = 0;    // in the store that the new verifier has opened
  std::uint64_t trusted_at_end = 0;
  double stand_in_seconds = 0;  // of the verifier, in place of TLS
  double devices_seconds = 0;   // of processor
  double wall_seconds = 0;
  double resident_at_start = 0;  // references read, no device seen
  double resident_at_end = 0;
  double resident_peak = 0;
  double database_at_start = 0;  // devices enrolled, octets
  double database_at_end = 0;
  std::vector<double> challenge_microseconds;  // as the devices see it
  std::vector<double> evidence_microseconds;
};

// Refuses what setting up refuses. What goes otherwise than it must is a discrepancy.
[[nodiscard]] Result<DayFigures> run_day(const DaySettings& settings);

}  // namespace vedette::bench
