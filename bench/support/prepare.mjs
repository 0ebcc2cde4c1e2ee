// What a dataset is given before it is searched exactly.
export const prepare = (dataset) => dataset.array('rows').index({ type: 'exact' });
