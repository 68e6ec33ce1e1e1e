function file = recording(trials, bin_width, varargin)
%RECORDING  Makes a dataset of a struct array of trials.
%
%   FILE = ilqrvae.recording(TRIALS, BIN_WIDTH) takes TRIALS(n).spikes, counts of bins x units, with bins of BIN_WIDTH seconds, and of every other field
%   that is a matrix of as many rows a group of values: TRIALS(n).velocity, bins x 2. Trials may differ in length; NaN is missing. Other fields (numbers and
%   texts, one a trial) are columns of the trials; 'split' says train, validation or test, else the first 80 % are for training, of which one in eight is for
%   validation, and the rest for testing.
%
%   Names and values:
%       'save'    the dataset to write (.h5); otherwise a temporary file, which is yours to delete
%       'units'   a struct of units of values: struct('velocity', 'cm/s')
%       others    options of 'ilqr-vae import': 'held_out', 2, 'condition', 'target', 'where', 'reward > 0', 'force', true
%
%   The file is given to ilqrvae.fit, train, infer and evaluate. A session of another format is imported by ilqrvae.call('import', ...).

    [given, options] = ilqrvae.private_take({'save', 'units'}, varargin);
    if ~isstruct(trials) || ~isfield(trials, 'spikes')
        error('ilqrvae:InputError', 'trials must be a struct array with a field spikes of bins x units.');
    end
    trial = trials(:)'; %#ok<NASGU>
    fields = fieldnames(trials);
    values = {};
    for k = 1:numel(fields)
        name = fields{k};
        bins = arrayfun(@(one) size(one.spikes, 1), trials);
        rows = arrayfun(@(one) size(one.(name), 1), trials);
        numeric = arrayfun(@(one) isnumeric(one.(name)) || islogical(one.(name)), trials);
        if ~strcmp(name, 'spikes') && all(numeric(:)) && isequal(bins(:), rows(:)) && any(bins(:) > 1)
            unit = '';
            if ~isempty(given.units) && isfield(given.units, name)
                unit = [':' given.units.(name)];
            end
            values{end + 1} = [name '=trial.' name unit]; %#ok<AGROW>
        end
    end
    if isfield(trials, 'split')
        options = [options, {'split_column', 'split'}];
    end
    file = given.save;
    if isempty(file)
        file = [tempname() '.h5'];
    end
    source = [tempname() '.mat'];
    cleanup = onCleanup(@() delete(source));
    save(source, 'trial', '-v7');
    ilqrvae.call('import', source, 'output', file, 'map', 'spikes=trial.spikes:trial,bin,channel', 'values', values, 'bin_width', bin_width, options{:});
end
