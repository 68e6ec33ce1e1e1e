function run = fit(data, varargin)
%FIT  Finds and trains a model of a dataset, without a configuration, within a time.
%
%   RUN = ilqrvae.fit(FILE, 'minutes', 10) trains a model of a dataset (see ilqrvae.recording). RUN.path is the folder of the run, RUN.result what the program
%   says of it. Names and values are options of 'ilqr-vae fit': 'output', 'minutes', 'hide', 'seed', 'parallel', 'threads', 'no_baselines', 'force'.
    run.result = ilqrvae.call('fit', data, varargin{:});
    run.path = run.result.run;
end
