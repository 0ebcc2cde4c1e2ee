/** How the name of a pack in a bucket ends: there the name alone says it. */
export const packEnding = '.nacre.zip';
