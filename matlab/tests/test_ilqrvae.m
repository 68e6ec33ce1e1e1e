% Tests of the package, in GNU Octave or MATLAB: octave matlab/tests/test_ilqrvae.m, with ILQR_VAE_PROGRAM naming the program.
here = fileparts(mfilename('fullpath'));
addpath(here, fullfile(here, '..'));
folder = tempname();
mkdir(folder);

% A small recording; no two axes have one length, units differ in their means.
rand('state', 1); randn('state', 1);
for n = 1:10
    bins = 20 + n;
    phase = 2 * pi * rand() + 0.35 * (0:bins - 1)';
    trial(n).spikes = floor(2 * rand(bins, 5) .* repmat(0.6 + 0.4 * cos(phase), 1, 5) .* repmat(1:5, bins, 1) / 2);
    trial(n).velocity = [cos(phase), -2 * sin(phase)];
    trial(n).target = mod(n, 2);
    splits = {'train', 'train', 'validation', 'test', 'train'};
    trial(n).split = splits{mod(n - 1, 5) + 1};
end

data = fullfile(folder, 'data.h5');
saved = ilqrvae.recording(trial, 0.02, 'save', data, 'units', struct('velocity', 'cm/s'), 'condition', 'target');
assert(strcmp(saved, data));
told = ilqrvae.call('inspect', data);
assert(told.trials == 10 && told.shortest_trial == 21 && told.longest_trial == 30 && told.bin_width == 0.02);
assert(told.splits.train.trials == 6 && told.splits.validation.trials == 2 && told.splits.test.trials == 2);

% What was written is what is read: counts, values, units and axes.
back = fullfile(folder, 'back.mat');
ilqrvae.call('export', data, 'output', back);
read = load(back);
assert(isequal(double(read.channels.spikes.values), cat(1, trial.spikes)));
assert(isequal(read.channels.velocity.values, cat(1, trial.velocity)));
assert(isequal(double(read.trials.bins(:)'), 21:30));
assert(~isempty(strfind(read.attributes, '"unit":"cm/s"')));

% A configuration as a struct: every key arrives.
c = struct();
c.model = struct('states', 3, 'inputs', 2, 'dynamics', struct('kind', 'linear', 'stable', false));
c.training = struct('iterations', 6, 'learning_rate', 0.03, 'hide', {{struct('kind', 'groups', 'of', {{'velocity'}})}});
run = ilqrvae.train(data, c, 'output', fullfile(folder, 'run'), 'seed', 5);
assert(run.result.iterations == 6);
kept = fileread(fullfile(run.path, 'config.yaml'));
for line = {'seed: 5', 'states: 3', 'stable: false', 'learning-rate: 0.03', 'kind: groups'}
    assert(~isempty(strfind(kept, line{1})), line{1});
end

% Trials of a posterior, and the linear system that they obey.
[found, posterior] = ilqrvae.infer(run, data, 'split', 'test', 'hide', 'velocity', 'draws', 2);
assert(numel(found) == 2 && strcmp(found(1).split, 'test'));
assert(isequal(size(found(1).spikes.mean), [24 5]) && isequal(size(found(2).velocity.mean), [29 2]));
assert(strcmp(found(1).spikes.unit, 'Hz') && strcmp(found(1).velocity.unit, 'cm/s'));
assert(found(1).velocity.hidden && ~found(1).spikes.hidden);
assert(isequal(posterior.states.mean(25:53, :), found(2).states));
for quantity = {'mean', 'deviation', 'predictive_deviation'}
    whole = posterior.channels.velocity.(quantity{1});
    assert(isequal(whole(1:24, :), found(1).velocity.(quantity{1})) && isequal(whole(25:53, :), found(2).velocity.(quantity{1})));
end
assert(isequaln(posterior.inputs.deviation(1:24, :), found(1).inputs_deviation) && isequal(posterior.states.deviation(1:24, :), found(1).states_deviation));
assert(size(posterior.samples.states, 1) == 2);
m = ilqrvae.model(run);
z = found(2).states; u = found(2).inputs;
assert(max(max(abs(z(1:end-1, :) * m.values.dynamics_A' + u(1:end-1, :) * m.values.dynamics_B' - z(2:end, :)))) < 1e-10);
assert(max(max(abs(z * m.values.likelihood_velocity_C' + repmat(m.values.likelihood_velocity_d, 29, 1) - found(2).velocity.mean))) < 1e-9);

% Scores are the program's, and what infer gives leads to them.
scores = ilqrvae.evaluate(run, data, 'split', 'test', 'hide', {'velocity'});
decoded = cat(1, found(1).velocity.mean, found(2).velocity.mean);
truth = cat(1, trial(4).velocity, trial(9).velocity);
by_hand = mean(1 - sum((decoded - truth).^2) ./ sum((truth - repmat(mean(truth), size(truth, 1), 1)).^2));
assert(abs(by_hand - scores.groups.velocity.r2) < 1e-9);

% Going on, and the other commands.
more = ilqrvae.train('', run.path, 'resume', true, 'iterations', 8);
assert(more.result.iterations == 8);
fitted = ilqrvae.fit(data, 'minutes', 0.02, 'output', fullfile(folder, 'fitted run'), 'no_baselines', true);
assert(exist(fullfile(fitted.path, 'model.h5'), 'file') == 2);

% Errors have identifiers and the program's words.
refused('ilqrvae:InputError', 'there is no such file', @() ilqrvae.call('inspect', fullfile(folder, 'nothing.h5')));
refused('ilqrvae:InputError', 'force', @() ilqrvae.recording(trial, 0.02, 'save', data));
c.training.itterations = 3;
refused('ilqrvae:InputError', 'did you mean ''iterations''', @() ilqrvae.train(data, c, 'output', fullfile(folder, 'no')));
refused('ilqrvae:InputError', 'has no value', @() ilqrvae.call('inspect', data, 'json'));
refused('ilqrvae:InputError', 'field spikes', @() ilqrvae.recording(struct('a', 1), 0.02));

if exist('OCTAVE_VERSION', 'builtin') ~= 0
    confirm_recursive_rmdir(false);
end
rmdir(folder, 's');
disp('all tests of the MATLAB package passed');
