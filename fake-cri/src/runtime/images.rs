//! The image service.

use cri_api::{CriError, v1};

use super::{Inner, words};

impl Inner {
    pub(super) fn list_images(&self) -> Vec<v1::Image> {
        self.images.list().iter().map(|stored| stored.to_cri()).collect()
    }

    pub(super) fn image_status(&self, image: &v1::ImageSpec) -> Option<v1::Image> {
        self.images.find(&image.image).map(|stored| stored.to_cri())
    }

    /// There is no registry: the store says what can be pulled.
    pub(super) fn pull_image(&self, image: &v1::ImageSpec) -> Result<String, CriError> {
        let found = self.images.pull(&image.image);
        let stored = found.ok_or_else(|| words::cannot_pull(self.profile(), &image.image))?;
        Ok(stored.id.clone())
    }
}
