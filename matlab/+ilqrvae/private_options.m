function words = private_options(pairs)
%PRIVATE_OPTIONS  Names and values as options of the command line.
    if mod(numel(pairs), 2) ~= 0
        error('ilqrvae:InputError', 'options are names and values, and ''%s'' has no value; give one.', char(pairs{end}));
    end
    words = {};
    for k = 1:2:numel(pairs)
        name = ['--' strrep(char(pairs{k}), '_', '-')];
        value = pairs{k + 1};
        if isempty(value) || (islogical(value) && isscalar(value) && ~value)
            continue
        elseif islogical(value) && isscalar(value)
            words{end + 1} = name; %#ok<AGROW>
        elseif isstruct(value)
            fields = fieldnames(value);
            for f = 1:numel(fields)
                words{end + 1} = [name '=' fields{f} '=' text(value.(fields{f}))]; %#ok<AGROW>
            end
        elseif iscell(value)
            for c = 1:numel(value)
                words{end + 1} = [name '=' text(value{c})]; %#ok<AGROW>
            end
        elseif isnumeric(value) && numel(value) == 2
            words{end + 1} = [name '=' text(value(1)) '..' text(value(2))]; %#ok<AGROW>
        else
            words{end + 1} = [name '=' text(value)]; %#ok<AGROW>
        end
    end
end

function word = text(value)
    if isnumeric(value) || islogical(value)
        word = sprintf('%.17g', value);
    else
        word = char(value);
    end
end
