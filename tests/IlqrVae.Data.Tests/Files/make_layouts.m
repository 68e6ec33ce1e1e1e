% Makes .mat files beside this one (GNU Octave or MATLAB): run it in this folder. First areas.mat and areas_trials.mat: times of spikes of two areas in cells of their own.
% Unit u of M1 has a spike every 0.1 (u + 2) s from 0.05 s on, unit u of PMd every 0.1 (u + 3) s from 0.02 s on, for 40 s.
M1_spikes = cell(3, 1);
PMd_spikes = cell(1, 4);
for u = 0:2, M1_spikes{u + 1} = (0.05:0.1 * (u + 2):40)'; end
for u = 0:3, PMd_spikes{u + 1} = 0.02:0.1 * (u + 3):40; end
vels = [cos((0:799)' / 20), sin((0:799)' / 20)];
vel_times = (0:799)' / 20;
save('-v6', 'areas.mat', 'M1_spikes', 'PMd_spikes', 'vels', 'vel_times');

% Units x trials on one clock, trials of two seconds that start every three.
spike_times_M1 = cell(3, 5);
spike_times_PMd = cell(2, 5);
for k = 0:4
  for u = 0:2, spike_times_M1{u + 1, k + 1} = 3 * k + (0.05:0.1 * (u + 2):2)'; end
  for u = 0:1, spike_times_PMd{u + 1, k + 1} = 3 * k + (0.02:0.1 * (u + 3):2)'; end
end
trial_start = 3 * (0:4)';
trial_end = trial_start + 2;
trial_reward = [1; 0; 1; 1; 0];
save('-v6', 'areas_trials.mat', 'spike_times_M1', 'spike_times_PMd', 'trial_start', 'trial_end', 'trial_reward');

% spikes.cellinfo.mat of buzcode and CellExplorer: one structure of lists with an entry a unit.
spikes = struct();
spikes.UID = 1:3;
spikes.times = {(0.05:0.2:30)', (0.02:0.3:30)', (0.01:0.5:30)'};
spikes.cluID = [4, 7, 9];
spikes.region = {'CA1', 'CA1', 'CA3'};
spikes.sessionName = 'made';
save('-v6', 'cellinfo.mat', 'spikes');

% Of jPCA: rates of each condition, times x neurons, with their times in ms.
Data = struct('A', {}, 'times', {});
for c = 1:4
  t = (-50:10:550)';
  Data(c).A = 20 + 10 * sin(t / 80 + c + (1:6));
  Data(c).times = t;
end
save('-v6', 'jpca.mat', 'Data');

% Of dPCA: neurons x stimuli x decisions x bins x repeats.
firingRates = zeros(5, 3, 2, 20, 4);
for i = 1:numel(firingRates), firingRates(i) = mod(i * 7, 3); end
save('-v6', 'dpca.mat', 'firingRates');

% Of wave_clus: a row a spike, cluster and time in ms.
cluster_class = [mod(0:99, 3)', (1:100)' * 150];
save('-v6', 'wave_clus.mat', 'cluster_class');
