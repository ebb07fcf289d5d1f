# Short names for what is done often. `just --list` shows them; every recipe is a line you can also type.

# Everything that must hold before a change lands.
check:
    bash .ci/run

# Every test, the third-party client included.
test:
    bash tests/run

# What only a night has time for; prints its figures.
verify-deep:
    bash tests/verify-deep

# Format, and take clippy's advice.
fix:
    cargo fmt --all
    cargo clippy --workspace --all-targets --fix --allow-dirty

# More stories of the simulation than every change tells: seeds, and seeds for each kill point.
simulate seeds="300000" kills="2500" first="1":
    HIGHWATER_SIM_FIRST={{first}} HIGHWATER_SIM_SEEDS={{seeds}} HIGHWATER_SIM_KILLS={{kills}} \
      cargo test --profile sim --locked -p e2e --features drill --test sim -- whatever killed

# The simulated org alone, on a port of its own.
sim port="8790":
    cargo run -p highwater -- simorg --port {{port}}

# The API pages, and the reference pages that are written from the code.
docs:
    UPDATE_REFERENCE=1 cargo test -p highwater reference
    cargo doc --workspace --no-deps
