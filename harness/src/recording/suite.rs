//! The cases that recordings are made of.

use std::collections::HashSet;

use super::images::Images;
use super::model::Request;
use super::read::parse_requests;

/// Cases and their images, each in one file of the folder `recordings/`.
const CASES: &str = include_str!("../../../recordings/cases.jsonl");
const IMAGES: &str = include_str!("../../../recordings/images.json");

/// Cases to ask of a runtime, and the images that they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// What is asked, in this order.
    pub requests: Vec<Request>,
    /// The images by name; there may be more than the cases need.
    pub images: Images,
}

impl Suite {
    /// The cases of every recording in this repository.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            requests: parse_requests(CASES).expect("the cases are well-formed, by test"),
            images: Images::parse(IMAGES).expect("the images are well-formed, by test"),
        }
    }

    /// Leaves out the images that no case needs and that are not among `others`.
    pub fn keep_needed_images<'a>(&mut self, others: impl IntoIterator<Item = &'a str>) {
        let mut needed: HashSet<&str> = others.into_iter().collect();
        needed.extend(self.requests.iter().map(|request| request.image.as_str()));
        self.images.retain(|name| needed.contains(name));
    }
}

#[cfg(test)]
mod tests {
    use super::Suite;

    #[test]
    fn every_built_in_case_has_its_image() {
        let suite = Suite::built_in();
        assert_eq!(suite.requests.len(), 376);
        for request in &suite.requests {
            assert!(suite.images.get(&request.image).is_some(), "{}", request.id);
        }
    }
}
