// The fibers of cuda_on_cpu.h: who runs when, and what a wait is over for.
//
// Compiled without instrumentation also where the kernel has it, so that ThreadSanitizer
// sees the kernel's accesses and the barriers told to it here, and nothing else.
#include "cuda_on_cpu.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

#ifdef UNDER_TSAN
extern "C" void* __tsan_get_current_fiber();
extern "C" void* __tsan_create_fiber(unsigned flags);
extern "C" void __tsan_destroy_fiber(void* fiber);
extern "C" void __tsan_switch_to_fiber(void* fiber, unsigned flags);
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif
#ifdef UNDER_ASAN
extern "C" void __sanitizer_start_switch_fiber(void** save, const void*, size_t);
extern "C" void __sanitizer_finish_switch_fiber(void* save, const void**, size_t*);
#endif

namespace emulator {
namespace {

constexpr size_t STACK = 256 << 10;

enum State { READY, AT_BARRIER, AT_WARP, DONE };

struct Fiber {
    Place place;
    ucontext_t entry;   // where it begins
    void* context[5];   // and goes on
    bool begun;
    State state;
    int line;           // where it waits
    bool predicate;     // what it gave to the barrier
    int holding;        // how many predicates held there
    unsigned mask;      // of the lanes it waits for
    uint64_t value;     // what it gave them
    uint64_t all[32];   // what they gave
    unsigned barriers, exchanges;  // how many it has met
    void* tsan;
    void* asan;
};

std::vector<Fiber> fibers;
char* stacks;
size_t stacks_size;
void* scheduler[5];
Fiber* current;
void (*kernel)(void*);
void* arguments;
struct Memory { const void* tag; void* start; };
std::vector<Memory> shared_memory;  // of the running block
const char* trapped;

// One object for even and one for odd meetings: with one for all, a thread that arrives
// early at the next barrier would seem to be ordered before those still in the last.
char barrier_met[2], lanes_met[64][2], kernel_over;

#ifdef UNDER_TSAN
void* tsan_scheduler;
#endif
#ifdef UNDER_ASAN
const void* scheduler_stack;
size_t scheduler_size;
#endif

// Subnormal numbers are 0 where `flush` is set, as operands and as results.
class Flushing {
  public:
#if defined(__SSE2__)
    explicit Flushing(bool flush) : before(__builtin_ia32_stmxcsr()) {
        if (flush) __builtin_ia32_ldmxcsr(before | 0x8040u);
    }
    ~Flushing() { __builtin_ia32_ldmxcsr(before); }

  private:
    unsigned before;
#elif defined(__aarch64__)
    explicit Flushing(bool flush) : before(__builtin_aarch64_get_fpcr()) {
        if (flush) __builtin_aarch64_set_fpcr(before | 1u << 24);
    }
    ~Flushing() { __builtin_aarch64_set_fpcr(before); }

  private:
    unsigned before;
#endif
};

void* map(size_t size) {
    return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0);
}

// The shared memory of a block: AddressSanitizer watches the ends of what malloc gives.
// To ThreadSanitizer both malloc and mmap are a write by whoever calls them; so there the
// scheduler maps enough for each block before its threads exist.
#ifdef UNDER_TSAN
constexpr size_t ARENA = 512 << 10;
char *arena, *arena_free;
void open_memory() { arena_free = arena = static_cast<char*>(map(ARENA)); }
void* allocate(size_t size) {
    arena_free += size + 64 - size % 64;
    return arena_free - (size + 64 - size % 64);
}
void close_memory() {
    munmap(arena, ARENA);
    munmap(stacks, stacks_size);  // the next block's threads are others
    stacks_size = 0;
}
#else
void open_memory() {}
void* allocate(size_t size) { return malloc(size); }
void close_memory() {
    for (const Memory& one : shared_memory) free(one.start);
}
#endif

// Unlike swapcontext, these two make no system call.
__attribute__((noinline, noreturn)) void jump(void** to) { __builtin_longjmp(to, 1); }

__attribute__((noinline)) void swap(void** from, void** to) {
    if (!__builtin_setjmp(from)) jump(to);
}

__attribute__((noinline)) void begin(void** from, const ucontext_t& entry) {
    if (!__builtin_setjmp(from)) setcontext(&entry);
}

// Leave the running fiber and come back when the scheduler resumes it.
void wait(State state, int line, char* met) {
    Fiber& self = *current;
    self.state = state;
    self.line = line;
#ifdef UNDER_TSAN
    __tsan_release(met);
    __tsan_switch_to_fiber(tsan_scheduler, 1);
#endif
#ifdef UNDER_ASAN
    __sanitizer_start_switch_fiber(state == DONE ? nullptr : &self.asan,
                                   scheduler_stack, scheduler_size);
#endif
    swap(self.context, scheduler);
#ifdef UNDER_ASAN
    __sanitizer_finish_switch_fiber(self.asan, &scheduler_stack, &scheduler_size);
#endif
#ifdef UNDER_TSAN
    __tsan_acquire(met);
#endif
    (void)met;
}

void enter() {
#ifdef UNDER_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_size);
#endif
    kernel(arguments);
    wait(DONE, 0, &kernel_over);
}

void resume(Fiber& fiber) {
    current = &fiber;
#ifdef UNDER_TSAN
    __tsan_switch_to_fiber(fiber.tsan, 1);
#endif
#ifdef UNDER_ASAN
    void* own;
    __sanitizer_start_switch_fiber(&own, fiber.entry.uc_stack.ss_sp, STACK);
#endif
    if (std::exchange(fiber.begun, true))
        swap(scheduler, fiber.context);
    else
        begin(scheduler, fiber.entry);
#ifdef UNDER_ASAN
    __sanitizer_finish_switch_fiber(own, nullptr, nullptr);
#endif
}

// Let go the warps whose lanes have met; say whether there was one.
bool release_warps() {
    bool any = false;
    for (size_t first = 0; first < fibers.size(); first += 32) {
        size_t count = std::min<size_t>(32, fibers.size() - first);
        for (size_t i = 0; i < count; ++i) {
            Fiber& one = fibers[first + i];
            if (one.state != AT_WARP) continue;
            bool met = true;
            for (size_t j = 0; j < count; ++j) {
                const Fiber& other = fibers[first + j];
                met &= !(one.mask >> j & 1) ||
                       (other.state == AT_WARP && other.mask == one.mask &&
                        other.line == one.line);
            }
            if (!met) continue;
            any = true;
            unsigned mask = one.mask;
            uint64_t all[32];
            for (size_t j = 0; j < 32; ++j)
                all[j] = j < count && mask >> j & 1 ? fibers[first + j].value : ~0ull;
            for (size_t j = 0; j < count; ++j)
                if (mask >> j & 1) {
                    memcpy(fibers[first + j].all, all, sizeof all);
                    fibers[first + j].state = READY;
                }
        }
    }
    return any;
}

bool release_barrier() {
    int holding = 0;
    for (const Fiber& f : fibers) {
        if (f.state != AT_BARRIER || f.line != fibers[0].line) return false;
        holding += f.predicate;
    }
    for (Fiber& f : fibers) {
        f.holding = holding;
        f.state = READY;
    }
    return true;
}

const char* run_block(std::vector<size_t>& order, std::mt19937* random) {
    while (true) {
        if (random) std::shuffle(order.begin(), order.end(), *random);
        bool ran = false;
        for (size_t i : order)
            if (fibers[i].state == READY) {
                ran = true;
                resume(fibers[i]);
                if (trapped) return trapped;
            }
        if (ran) continue;
        bool done = std::all_of(fibers.begin(), fibers.end(),
                                [](const Fiber& f) { return f.state == DONE; });
        if (done) return nullptr;
        if (!release_warps() && !release_barrier()) return "divergent barrier";
    }
}

void start(Fiber& fiber, size_t number, const Launch& how, uint3 block) {
    unsigned i = unsigned(number), wide = how.block.x, high = how.block.y;
    fiber = {};
    fiber.place = {{i % wide, i / wide % high, i / wide / high}, block, how.block,
                   how.grid};
    getcontext(&fiber.entry);
    fiber.entry.uc_stack = {stacks + number * STACK, 0, STACK};
    fiber.entry.uc_link = nullptr;
    makecontext(&fiber.entry, enter, 0);
#ifdef UNDER_TSAN
    fiber.tsan = __tsan_create_fiber(0);
#endif
}

}  // namespace

const Place& here() { return current->place; }
void* dynamic() { return block_memory(nullptr, 0); }

void* block_memory(const void* tag, uint64_t size) {
    for (const Memory& known : shared_memory)
        if (known.tag == tag) return known.start;
    void* start = allocate(size);
    // What a block finds in its shared memory is no number and no index.
    for (size_t i = 0; i < size; ++i) static_cast<volatile char*>(start)[i] = '\xff';
    shared_memory.push_back({tag, start});
    return start;
}

int barrier(int line, bool predicate) {
    current->predicate = predicate;
    wait(AT_BARRIER, line, &barrier_met[current->barriers++ % 2]);
    return current->holding;
}

const uint64_t* exchange(unsigned mask, uint64_t value, int line) {
    Fiber& self = *current;
    if (!(mask >> lane() & 1)) trap("a lane calls a warp function that its mask omits");
    self.mask = mask;
    self.value = value;
    size_t warp = (&self - fibers.data()) / 32;
    wait(AT_WARP, line, &lanes_met[warp][self.exchanges++ % 2]);
    return self.all;
}

void trap(const char* reason) {
    trapped = reason;
    wait(DONE, 0, &kernel_over);
}

int run(void (*body)(void*), void* data, Launch& how) {
    size_t threads = size_t(how.block.x) * how.block.y * how.block.z;
    size_t blocks = size_t(how.grid.x) * how.grid.y * how.grid.z;
    if (!threads || threads > 1024 || !blocks || how.grid.x > 0x7fffffffu ||
        how.grid.y > 65535 || how.grid.z > 65535 || how.block.z > 64) {
        snprintf(how.message, sizeof how.message, "no device accepts this grid");
        return 1;
    }
    const Flushing flushing(how.flush);
    kernel = body;
    arguments = data;
    trapped = nullptr;
    fibers.resize(threads);
#ifdef UNDER_TSAN
    tsan_scheduler = __tsan_get_current_fiber();
#endif
    std::mt19937 random(how.seed);
    std::vector<size_t> order(threads), block_order(blocks);
    std::iota(order.begin(), order.end(), 0);
    std::iota(block_order.begin(), block_order.end(), 0);
    if (how.order == 1) {
        std::reverse(order.begin(), order.end());
        std::reverse(block_order.begin(), block_order.end());
    } else if (how.order == 2) {
        std::shuffle(block_order.begin(), block_order.end(), random);
    }
    for (size_t b : block_order) {
        uint3 block = {unsigned(b % how.grid.x), unsigned(b / how.grid.x % how.grid.y),
                       unsigned(b / how.grid.x / how.grid.y)};
        open_memory();
        if (stacks_size < threads * STACK) {
            if (stacks_size) munmap(stacks, stacks_size);
            stacks_size = threads * STACK;
            stacks = static_cast<char*>(map(stacks_size));
        }
        block_memory(nullptr, how.shared);
        for (size_t i = 0; i < threads; ++i) start(fibers[i], i, how, block);
        const char* wrong = run_block(order, how.order == 2 ? &random : nullptr);
#ifdef UNDER_TSAN
        for (Fiber& f : fibers) __tsan_destroy_fiber(f.tsan);
#endif
        close_memory();
        shared_memory.clear();
        if (wrong) {
            snprintf(how.message, sizeof how.message, "%s, block (%u, %u, %u)", wrong,
                     block.x, block.y, block.z);
            return 1;
        }
    }
#ifdef UNDER_TSAN
    __tsan_acquire(&kernel_over);  // only now: blocks are not ordered among each other
#endif
    return 0;
}

}  // namespace emulator
