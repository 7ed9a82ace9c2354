//! A folder of scenarios of one's own, as tests: one line.

gidcheck::scenario_tests!("tests/data/own");
