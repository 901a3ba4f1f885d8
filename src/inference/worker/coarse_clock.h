// The clock of a caged worker. Fine clocks read the processor's cycle counter, which faults in the
// cage (inference/sandbox); the runtime and the standard library ask for them all the same, by
// clock_gettime and gettimeofday, which this program answers itself.
#pragma once

#include <chrono>

namespace vedette::inference {

// From now on every clock of this process steps as the kernel's timer does; gives that step.
std::chrono::microseconds coarsen_clocks();

}  // namespace vedette::inference
