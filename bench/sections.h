// The sections of the sandbox benchmark. Each adds to the report, or refuses what it cannot measure
// at all.
#pragma once

#include "base/error.h"

#include "report.h"

namespace vedette::bench {

// What no cage of two processes can be faster than: a word from one to the other and back.
[[nodiscard]] Result<void> measure_machine(Report& report);

// One call, in this process and through the cage: spinning, and by futex on one core and on two.
[[nodiscard]] Result<void> measure_calls(Report& report);

// What the inference API adds to a call through the cage: loopback and a Unix socket.
[[nodiscard]] Result<void> measure_http(Report& report);

// Calls per second of a model that computes for milliseconds.
[[nodiscard]] Result<void> measure_throughput(Report& report);

// From the order to the closed cage and to the loaded model, with every layer and with none.
[[nodiscard]] Result<void> measure_spawns(Report& report);

// The start of /bin/true, bare and in other people's sandboxes.
[[nodiscard]] Result<void> measure_process_starts(Report& report);

// What four replicas of a model occupy (PSS), by themselves and in cages.
[[nodiscard]] Result<void> measure_memory(Report& report);

// What caller and worker can tell from the time, and what keeps them from it.
[[nodiscard]] Result<void> measure_side_channels(Report& report);

// The child of measure_memory(): holds the model on descriptor 3 in a session of its own, says so
// on stdout, and ends when stdin does. Gives the exit code.
[[nodiscard]] int be_replica(std::string_view which);

}  // namespace vedette::bench
